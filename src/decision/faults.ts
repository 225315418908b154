import type { Reason } from "../core/policy.ts";

/** What the protocol itself refuses, in words; its codes and statuses are the protocol's own. */
const FAULTS = {
  parse_error: "The body is not one JSON text.",
  too_complex: "The body is nested too deep, or holds too much.",
  invalid_request: "The body is no message of MCP.",
  invalid_params: "The message lacks a parameter, or has one of the wrong kind.",
  header_mismatch: "The headers do not say what the body says.",
  unsupported_version: "The gateway does not read this revision of MCP.",
  batch_too_large: "The batch holds more messages than the gateway takes.",
  unknown_id: "The message answers a request that nobody sent.",
} as const;

export type FaultCode = keyof typeof FAULTS;

const REMEDY = "Send a message that follows the MCP specification.";

/** All codes, for the documentation and the tests that hold it. */
export function faultCodes(): FaultCode[] {
  return Object.keys(FAULTS) as FaultCode[];
}

/** `place` is where reading stopped: a pointer, a header's name, an offset; never what stood there. */
export function faultReason(code: FaultCode, place: string): Reason {
  const where = place === "" ? "" : ` (${place})`;
  const message = `${FAULTS[code].slice(0, -1)}${where}.`;
  return { code, layer: "firewall", rule: `firewall/${code}`, message, remedy: REMEDY };
}
