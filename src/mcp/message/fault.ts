import type { Revision } from "../../core/message.ts";
import { assertNever } from "../../core/result.ts";
import type { JsonFault } from "../json/fault.ts";

/**
 * Why a body is no message, in the protocol's own words (JSON-RPC 2.0 section 5.1; MCP 2026-07-28,
 * "Error codes"). It holds nothing of the content but the id, which its sender needs back.
 */
export interface ProtocolFault {
  readonly code: ProtocolFaultCode;
  readonly rpcCode: number;
  readonly httpStatus: 400;
  /** The id's JSON text as sent; null where none could be read. */
  readonly id: string | null;
  /** A place: a JSON Pointer, a header's name, or a byte offset. */
  readonly detail: string;
  /** JSON text for the error's `data`. */
  readonly data?: string;
}

export type ProtocolFaultCode =
  | "parse_error"
  | "too_complex"
  | "invalid_request"
  | "invalid_params"
  | "header_mismatch"
  | "unsupported_version"
  | "batch_too_large"
  | "unknown_id";

export function invalidRequest(detail: string): ProtocolFault {
  return fault("invalid_request", -32600, detail);
}

export function invalidParams(detail: string): ProtocolFault {
  return fault("invalid_params", -32602, detail);
}

export function headerMismatch(detail: string): ProtocolFault {
  return fault("header_mismatch", -32020, detail);
}

export function batchTooLarge(): ProtocolFault {
  return fault("batch_too_large", -32600, "");
}

/** A result for a request that nobody sent, so that nobody could say what it may hold. */
export function unknownId(): ProtocolFault {
  return fault("unknown_id", -32600, "/id");
}

/**
 * Names those of the revisions we read that the client can choose from (MCP 2026-07-28). SDK clients want
 * to see what they asked for beside it; it is repeated only where it has a version's shape.
 */
export function unsupportedVersion(
  detail: string,
  asked: string,
  supported: readonly Revision[],
): ProtocolFault {
  const requested = /^[0-9A-Za-z][0-9A-Za-z._-]{0,31}$/.test(asked) ? asked : "unknown";
  const data = JSON.stringify({ supported, requested });
  return { ...fault("unsupported_version", -32022, detail), data };
}

/** Bytes that are no JSON document are a parse error; one over a limit of ours is a bad request. */
export function protocolFaultOf(jsonFault: JsonFault): ProtocolFault {
  const detail = `${jsonFault.code} at byte ${jsonFault.offset}`;
  switch (jsonFault.code) {
    case "empty":
    case "not_utf8":
    case "bom":
    case "syntax":
    case "duplicate_key":
    case "trailing_data":
      return fault("parse_error", -32700, detail);
    case "too_deep":
    case "too_many_values":
    case "string_too_long":
      return fault("too_complex", -32600, detail);
    default:
      return assertNever(jsonFault.code);
  }
}

function fault(code: ProtocolFaultCode, rpcCode: number, detail: string): ProtocolFault {
  return { code, rpcCode, httpStatus: 400, id: null, detail };
}
