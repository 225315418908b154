import type { HttpDenial, ProxyMetadata } from "../core/exchange.ts";
import type { Revision } from "../core/message.ts";
import type { Reason } from "../core/policy.ts";

/** How a denied request is told to the one who sent it (design.md §7). */
export type DenialStyle = "jsonrpc" | "http" | "tool";

/** How much the agent learns: everything, the code, or nothing but the decision id. */
export type Disclosure = "full" | "code" | "none";

/** One request that waits for an answer. */
export interface Waiting {
  /** The id's JSON text, echoed byte for byte. */
  readonly id: string;
  readonly method: string;
  readonly revision: Revision;
}

export interface Refused {
  readonly decisionId: string;
  /** At least one, the most specific first. */
  readonly reasons: readonly [Reason, ...Reason[]];
  readonly rpcCode: number;
  /** More members for `error.data`, as JSON text: `{"supported":[…]}`. */
  readonly data?: string | undefined;
}

/** A JSON-RPC error response (JSON-RPC 2.0 section 5.1) for `id`, which is JSON text or null. */
export function errorMessage(id: string | null, refused: Refused, disclose: Disclosure): string {
  const error = { code: refused.rpcCode, ...explain(refused, disclose) };
  return `{"jsonrpc":"2.0","id":${id ?? "null"},"error":${JSON.stringify(error)}}`;
}

/** The same as a tool's result with `isError`, for agents that show results only. */
export function toolErrorMessage(
  { id, revision }: Waiting,
  refused: Refused,
  disclose: Disclosure,
): string {
  const { message, data } = explain(refused, disclose);
  const result = {
    ...(revision === "2026-07-28" ? { resultType: "complete" } : {}),
    content: [{ type: "text", text: `${message} (decision ${data.decision_id})` }],
    isError: true,
    _meta: { "dev.impedance/denial": data },
  };
  return `{"jsonrpc":"2.0","id":${id},"result":${JSON.stringify(result)}}`;
}

function explain(
  { decisionId, reasons, data }: Refused,
  disclose: Disclosure,
): { message: string; data: Record<string, unknown> } {
  const extra = data === undefined ? {} : (JSON.parse(data) as Record<string, unknown>);
  if (disclose === "none") {
    return { message: "Denied.", data: { ...extra, decision_id: decisionId } };
  }
  const { code, layer, rule, message, remedy } = reasons[0];
  if (disclose === "code") {
    return { message: `Denied: ${code}`, data: { ...extra, decision_id: decisionId, code } };
  }
  const others = reasons.slice(1, 8).map((reason) => ({ code: reason.code, rule: reason.rule }));
  return {
    message: `${message} ${remedy}`.trim(),
    data: {
      ...extra,
      decision_id: decisionId,
      code,
      layer,
      rule,
      remedy,
      ...(others.length > 0 ? { others } : {}),
    },
  };
}

/** One answer for each request that waits: alone, or as a batch if they came as one. */
export function answers(
  waiting: readonly Waiting[],
  batch: boolean,
  refused: Refused,
  style: DenialStyle,
  disclose: Disclosure,
): string {
  const each = waiting.map((request) =>
    style === "tool" && request.method === "tools/call"
      ? toolErrorMessage(request, refused, disclose)
      : errorMessage(request.id, refused, disclose),
  );
  return batch ? `[${each.join(",")}]` : (each[0] ?? errorMessage(null, refused, disclose));
}

export function httpDenial(
  status: number,
  headers: HttpDenial["headers"],
  text: string,
  metadata: ProxyMetadata,
): HttpDenial {
  const body = Buffer.from(text, "utf8");
  const type = body.length > 0 ? ([["content-type", "application/json"]] as const) : [];
  return { status, headers: [...headers, ...type], body, metadata };
}
