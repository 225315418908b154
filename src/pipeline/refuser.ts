import { maskName } from "../audit/mask-text.ts";
import type { Deny, HttpDenial, ProxyMetadata, RequestHead } from "../core/exchange.ts";
import type { AuthenticationRefusal, PlainAnswer, StepUp } from "../core/identity.ts";
import type { MessageKind } from "../core/message.ts";
import { atLeast, type PaddingScheme } from "../core/padding.ts";
import type { Principal } from "../core/policy.ts";
import { answers, httpDenial } from "../decision/denial.ts";
import { faultReason } from "../decision/faults.ts";
import { padJson } from "../decision/padding/pad-json.ts";
import type { RefusalCode } from "../decision/refusals.ts";
import { clientHeaders } from "../decision/zta-headers.ts";
import type { ProtocolFault } from "../mcp/message/fault.ts";
import type { Dependencies, ServerSettings } from "./dependencies.ts";
import type { Judged } from "./judge.ts";
import { type Decision, refused } from "./layer2.ts";
import type { Pending } from "./pending.ts";
import { record } from "./record.ts";
import { sceneOf } from "./scene.ts";
import { refusedBy } from "./settle.ts";

/** Says "no" for one exchange: on record, and in the form that whoever waits understands. */
export interface Refuser {
  /** A denial of the firewall's own, for a while where one is told. */
  refuse(code: RefusalCode, retryAfterMs?: number): Deny;
  /** To one who is not let in, with the way to be. */
  stranger(refusal: AuthenticationRefusal): Deny;
  /** The same, on record only: for those who have their own way to tell it. */
  recorded(code: RefusalCode): Decision;
  /** The protocol's own codes, at its own HTTP status, with the id where one could be read. */
  fault(fault: ProtocolFault): HttpDenial;
  /** A message of the client's that was denied. */
  message(denied: Judged): Deny;
  /** An answer in place of the server's. */
  denial(decision: Decision, status: number): HttpDenial;
}

/** What the refuser needs to know of an exchange as it goes on. */
export interface Refusable {
  readonly head: RequestHead;
  readonly pending: Pending;
  readonly dependencies: Dependencies;
  principal(): Principal;
  /** Spent on the exchange so far. */
  milliseconds(): number;
}

export function createRefuser(exchange: Refusable): Refuser {
  const { head, pending, dependencies } = exchange;
  const server = head.server ?? "";
  const settings = () => dependencies.settings(server);

  function recordedWith(change: (decision: Decision) => Decision, code: RefusalCode): Decision {
    const revision = dependencies.policy()?.engine.revision ?? "none";
    const decision = change(refused(dependencies.identifiers.decisionId(), code, null, revision));
    const scene = sceneOf(head, "request", server, exchange.principal());
    return record({ decision, findings: [], receipts: [], scene, timings: null }, dependencies);
  }

  const recorded = (code: RefusalCode) => recordedWith((decision) => decision, code);
  const answer = createAnswer(exchange);

  function fault({ code, detail, rpcCode, httpStatus, id, data }: ProtocolFault): HttpDenial {
    const reasons = [faultReason(code, detail)];
    const decision = recordedWith(
      (base) => ({ ...base, reasons, rpcCode, httpStatus }),
      "internal",
    );
    const waiting = id === null ? [] : [{ id, method: "", revision: "2025-03-26" } as const];
    const refusal = { ...refusedBy(decision), data };
    const text = answers(waiting, false, refusal, "jsonrpc", settings().disclose);
    return answer(httpStatus, text, decision);
  }

  /**
   * Whoever waits with an id gets HTTP 200 and a JSON-RPC error, since SDK clients drop the body of
   * any other status; nobody waiting, or `denial: http`, gets `status`.
   */
  function denial(
    decision: Decision,
    status: number,
    style = settings().denial,
    challenge: string | null = null,
  ): HttpDenial {
    const waiting = pending.waiting();
    const refusal = refusedBy(decision);
    const text = answers(waiting, pending.batch, refusal, style, settings().disclose);
    const answered = waiting.length > 0 && style !== "http" && !ALWAYS_HTTP.has(status);
    return answer(answered ? 200 : status, text, decision, challenge);
  }

  /** design.md §7: each kind of message has its own form of "no". */
  function message({ cleaned, decision }: Judged): Deny {
    const { kind, method } = cleaned.message;
    if (HANDSHAKE.has(method ?? "")) {
      return { kind: "deny", denial: denial(decision, refusalStatus(decision), "http") };
    }
    const stepUp = stepUpFor(decision, exchange);
    if (stepUp !== null) {
      const { status, challenge } = stepUp;
      return { kind: "deny", denial: denial(decision, status, "http", challenge) };
    }
    if (pending.isEmpty() && isOneWay(kind) && settings().denial !== "http") {
      return { kind: "deny", denial: answer(202, "", decision) };
    }
    return { kind: "deny", denial: denial(decision, decision.httpStatus) };
  }

  function stranger({ isTemporary, challenge }: AuthenticationRefusal): HttpDenial {
    const decision = recorded(isTemporary === true ? "identity_unavailable" : "unauthenticated");
    return denial(decision, decision.httpStatus, "http", challenge);
  }

  return {
    recorded,
    fault,
    message,
    denial: (decision, status) => denial(decision, status),
    stranger: (refusal) => ({ kind: "deny", denial: stranger(refusal) }),
    refuse(code, retryAfterMs) {
      const decision = recordedWith(
        (base) => (retryAfterMs === undefined ? base : { ...base, retryAfterMs }),
        code,
      );
      const { httpStatus } = decision;
      const isWholeClient = httpStatus === 403 && pending.waiting().some(isHandshake);
      const style = isWholeClient ? "http" : settings().denial;
      return { kind: "deny", denial: denial(decision, httpStatus, style) };
    },
  };
}

/** The whole HTTP answer of a denial. */
function createAnswer(exchange: Refusable) {
  const { head, dependencies } = exchange;
  return (
    status: number,
    text: string,
    decision: Decision,
    challenge: string | null = null,
  ): HttpDenial => {
    const { decisionId, policyRevision } = decision;
    const headers = [
      ...clientHeaders(decisionId, policyRevision, "deny", exchange.milliseconds()),
      ...(challenge === null ? [] : [["www-authenticate", challenge] as const]),
      ...retryAfter(status, decision),
    ];
    const metadata = metadataOf(decision, null, exchange.principal(), dependencies);
    const plain = httpDenial(status, headers, text, metadata);
    const settings = dependencies.settings(head.server ?? "");
    return { ...plain, body: padAnswer(plain.body, settings, dependencies) };
  };
}

/** MCP 2025-11-25 and later, "Runtime Insufficient Scope Errors": clients read the head alone. */
function stepUpFor({ reasons: [first] }: Decision, exchange: Refusable): StepUp | null {
  const { authenticated_by: by } = exchange.principal();
  if (first?.scopes === undefined) return null;
  return exchange.dependencies.gatekeeper.stepUp(exchange.head, by, first.scopes);
}

/** What anybody may ask, of which no record is made. */
export function plainly(answer: PlainAnswer): Deny {
  return { kind: "deny", denial: { ...answer, metadata: NO_DECISION } };
}

/** Where HTTP has to say it: a limit has a status of its own. */
export function refusalStatus({ httpStatus }: Decision): number {
  return httpStatus === TOO_MANY_REQUESTS ? httpStatus : 403;
}

/** RFC 6585 section 4 */
const TOO_MANY_REQUESTS = 429;

/** Those that say when to ask again: 503 too (RFC 9110 section 15.6.4). */
const SAYS_WHEN: ReadonlySet<number> = new Set([TOO_MANY_REQUESTS, 503]);

/** RFC 9110 section 10.2.3: whole seconds. */
function retryAfter(
  status: number,
  { retryAfterMs }: Decision,
): readonly (readonly [string, string])[] {
  if (!SAYS_WHEN.has(status) || retryAfterMs === undefined) return [];
  return [["retry-after", String(Math.ceil(retryAfterMs / 1000))]];
}

export function padAnswer(
  json: Uint8Array,
  { padding }: ServerSettings,
  { limits }: Dependencies,
  others: readonly PaddingScheme[] = [],
): Uint8Array {
  return padJson(json, atLeast(padding, others), limits.responseBodyMaxBytes);
}

/** What the proxy may log of a decision. */
export function metadataOf(
  decision: Decision,
  judged: Judged | null,
  principal: Principal,
  { events }: Dependencies,
): ProxyMetadata {
  const message = judged?.cleaned.message ?? decision.input?.message;
  return {
    decision_id: decision.decisionId,
    allowed: decision.allow,
    method: nameOf(message?.method),
    tool: nameOf(message?.tool),
    principal: events.subject(principal.id),
    reasons: decision.reasons.length === 0 ? NO_REASONS : decision.reasons.map(({ code }) => code),
  };
}

const NO_REASONS: readonly string[] = [];

/** Nothing was asked that anybody would have to decide. */
const NO_DECISION: ProxyMetadata = {
  decision_id: "",
  allowed: true,
  method: null,
  tool: null,
  principal: "",
  reasons: [],
};

/** The peer chose it: what has not the form of a name may be anything, and is left out. */
function nameOf(text: string | null | undefined): string | null {
  const shown = maskName(text ?? null);
  return typeof shown === "string" ? shown : null;
}

/** Deniable only as a refusal of the whole client: anything else hangs it or changes its era. */
export const HANDSHAKE: ReadonlySet<string> = new Set([
  "initialize",
  "notifications/initialized",
  "ping",
  "server/discover",
]);

function isHandshake({ method }: { readonly method: string }): boolean {
  return HANDSHAKE.has(method);
}

/** Statuses that stay what they are, id or not (design.md §7, last row). */
const ALWAYS_HTTP: ReadonlySet<number> = new Set([400, 401, 404, 408, 413, 415, 503]);

function isOneWay(kind: MessageKind): boolean {
  return kind === "notification" || kind === "response";
}
