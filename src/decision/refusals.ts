import type { AbortCause } from "../core/exchange.ts";
import type { PolicyFault, Reason } from "../core/policy.ts";

/**
 * Every reason of the firewall's own, beside those of the policy: its stable code, the HTTP status
 * where no JSON-RPC answer can be given, and what to do about it. `docs/errors.md` lists them, and
 * a test holds the two together. Nothing here ever depends on what was sent.
 */
export interface Refusal {
  readonly httpStatus: number;
  readonly rpcCode: number;
  readonly message: string;
  readonly remedy: string;
  /** What the caller is told in its place; the log has the code itself. */
  readonly toldAs?: string;
  /** When to ask again, where that can be told. */
  readonly retryAfterMs?: number;
}

/**
 * JSON-RPC error codes of our own. They lie outside −32768…−32000, which JSON-RPC reserves, and
 * which MCP divides among itself (specification 2026-07-28, "Error Codes").
 */
export const RPC_UNAVAILABLE = -31900;
export const RPC_DENIED = -31901;
export const RPC_UPSTREAM = -31902;
export const RPC_TOO_LARGE = -31903;
export const RPC_UNAUTHENTICATED = -31904;
export const RPC_LIMITED = -31905;

/** JSON-RPC 2.0 section 5.1 */
const RPC_INVALID_REQUEST = -32600;
const RPC_INVALID_PARAMS = -32602;

const OPERATOR = "Tell the operator of the gateway the decision id.";

const UNAVAILABLE = { httpStatus: 503, rpcCode: RPC_UNAVAILABLE, remedy: "Try again later." };
const UPSTREAM = { httpStatus: 502, rpcCode: RPC_UPSTREAM, remedy: OPERATOR };
const POLICY = { httpStatus: 500, rpcCode: RPC_UNAVAILABLE, remedy: OPERATOR };
const DENIED = { httpStatus: 403, rpcCode: RPC_DENIED };
const UNSUPPORTED = { httpStatus: 415, rpcCode: RPC_INVALID_REQUEST };

const REFUSALS = {
  request_too_large: {
    httpStatus: 413,
    rpcCode: RPC_TOO_LARGE,
    message: "The request is larger than the gateway takes.",
    remedy: "Send less in one request.",
  },
  request_deadline: {
    httpStatus: 408,
    rpcCode: RPC_UNAVAILABLE,
    message: "The request did not arrive whole in time.",
    remedy: "Send the request again.",
  },
  verdict_deadline: { ...UNAVAILABLE, message: "The firewall did not decide in time." },
  overloaded: {
    ...UNAVAILABLE,
    message: "The firewall has more to do than it can.",
    remedy: "Try again later, and send less at once.",
    retryAfterMs: 1_000,
  },
  draining: { ...UNAVAILABLE, message: "The firewall is being restarted." },
  internal: { ...UNAVAILABLE, message: "The firewall failed; nothing passed.", remedy: OPERATOR },
  guard_fault: { ...POLICY, message: "A guard failed on the message; nothing passed." },
  audit_unavailable: { ...UNAVAILABLE, message: "The decision could not be put on record." },
  log_mask_failed: {
    ...POLICY,
    message: "The policy did not say what of the decision may be kept; nothing passed.",
  },
  approval_required: {
    ...DENIED,
    message: "A person has to approve this.",
    remedy: "Ask the operator to approve it, or to allow it without approval.",
  },
  approval_denied: {
    ...DENIED,
    message: "A person was asked to approve this, and said no.",
    remedy: "Do it another way.",
  },
  needs_cleaning: {
    httpStatus: 403,
    rpcCode: RPC_DENIED,
    message: "The request holds what must be taken out, and this gateway cannot change a body.",
    remedy: "Take secrets out, and declare no capability that the policy does not grant.",
  },
  alias_unknown: {
    ...DENIED,
    message: "An alias of a path is unknown here: cut, mistyped, out of date, or another caller's.",
    remedy:
      "List or read it again and use the alias you are shown. A file that is really named so is reached behind its directory's alias.",
  },
  alias_changed: {
    ...DENIED,
    message: "An alias of a path was changed behind its code.",
    remedy: "Use the alias as it was shown; only a slash and names below it may follow.",
  },
  alias_climbs: {
    ...DENIED,
    message: "A path leaves the directory that its alias stands for.",
    remedy: "Name the file directly, without going up.",
  },
  path_out_of_reach: {
    ...DENIED,
    message: "The path leads to the gateway's own configuration, policy, keys or logs.",
    remedy: "Work on another file; this one is out of reach.",
  },
  arguments_too_large: {
    ...DENIED,
    message: "The arguments are larger than this tool is sent.",
    remedy: "Send less in one call.",
  },
  subscriptions_unreadable: {
    ...DENIED,
    message: "The resources to hear of cannot be read, or are too many.",
    remedy: "Name fewer resources, each by its URI.",
  },
  unauthenticated: {
    httpStatus: 401,
    rpcCode: RPC_UNAUTHENTICATED,
    message: "The caller's credentials were refused.",
    remedy: "Authenticate again.",
  },
  identity_unavailable: {
    ...UNAVAILABLE,
    message: "It cannot be told just now who the caller is.",
  },
  upstream_credential_missing: {
    ...UNAVAILABLE,
    message: "The gateway cannot show the server its own credential.",
    remedy: OPERATOR,
  },
  too_many_failures: {
    httpStatus: 429,
    rpcCode: RPC_LIMITED,
    message: "Too many credentials from this address were refused.",
    remedy: "Wait as long as the answer says, then authenticate.",
  },
  limits_unavailable: {
    ...UNAVAILABLE,
    message: "Whether the message is over a limit could not be told.",
  },
  state_unavailable: {
    ...UNAVAILABLE,
    message: "What the gateway's replicas have in common cannot be told.",
  },
  session_unknown: {
    httpStatus: 404,
    rpcCode: RPC_DENIED,
    message: "There is no such session, or it is over.",
    remedy: "Begin a new session with initialize.",
  },
  session_foreign: {
    httpStatus: 404,
    rpcCode: RPC_DENIED,
    message: "The session belongs to another identity, and is over now.",
    remedy: "Begin a new session with initialize.",
    toldAs: "session_unknown",
  },
  session_ended: {
    httpStatus: 404,
    rpcCode: RPC_DENIED,
    message: "The session is over.",
    remedy: "Begin a new session with initialize.",
  },
  session_conflict: {
    ...UPSTREAM,
    message: "The server gave out the session of another identity.",
  },
  credential_expired: {
    httpStatus: 401,
    rpcCode: RPC_UNAUTHENTICATED,
    message: "The credentials that the stream was opened with have expired.",
    remedy: "Authenticate again.",
  },
  credential_revoked: {
    httpStatus: 401,
    rpcCode: RPC_UNAUTHENTICATED,
    message: "The credentials that the stream was opened with were revoked.",
    remedy: "Authenticate again.",
  },
  policy_changed: {
    ...DENIED,
    message: "The policy has changed, and the request is too large to be judged again.",
    remedy: "Send the request again.",
  },
  host_refused: {
    ...DENIED,
    message: "The request is addressed to a host that this gateway does not answer for.",
    remedy: "Use the gateway's own address; its operator can add others (allowed_hosts).",
  },
  origin_refused: {
    ...DENIED,
    message: "Pages of this origin may not use the gateway.",
    remedy: "Use an allowed origin; the gateway's operator can add others (allowed_origins).",
  },
  unknown_name: {
    httpStatus: 403,
    rpcCode: RPC_INVALID_PARAMS,
    message: "Unknown tool, prompt or resource.",
    remedy: "List again and use a name that is listed.",
  },
  unknown_server: {
    httpStatus: 404,
    rpcCode: RPC_DENIED,
    message: "No MCP server is reachable at this path.",
    remedy: "Check the URL.",
  },
  unsupported_media_type: {
    ...UNSUPPORTED,
    message: "A POST to an MCP server carries application/json.",
    remedy: "Send the header content-type: application/json.",
  },
  request_encoding: {
    ...UNSUPPORTED,
    message: "A compressed body cannot be read.",
    remedy: "Send the body without content-encoding.",
  },
  secret_in_header: {
    httpStatus: 403,
    rpcCode: RPC_DENIED,
    message: "A header that mirrors the message holds a secret.",
    remedy: "Send the call without the secret.",
  },
  batch_denied: {
    httpStatus: 403,
    rpcCode: RPC_DENIED,
    message: "Another message of the same batch was denied.",
    remedy: "Send this one by itself.",
  },
  unexpected_body: {
    httpStatus: 400,
    rpcCode: RPC_INVALID_REQUEST,
    message: "Only a POST carries a body.",
    remedy: "Send the message as a POST.",
  },
  response_deadline: { ...UPSTREAM, message: "The server did not answer in time." },
  tool_deadline: { ...UPSTREAM, message: "The tool did not answer in the time it is given." },
  server_unavailable: {
    ...UPSTREAM,
    message: "The server cannot be reached, or is not ready.",
    remedy: "Try again later.",
  },
  stream_silent: { ...UPSTREAM, message: "The server's stream fell silent." },
  response_too_large: { ...UPSTREAM, message: "The server's answer is larger than allowed." },
  result_too_large: {
    ...UPSTREAM,
    message: "The result is larger than this tool may answer.",
    remedy: "Ask the tool for less.",
  },
  response_encoding: { ...UPSTREAM, message: "The server's answer is compressed; nobody read it." },
  response_media_type: {
    ...UPSTREAM,
    message: "The server's answer is neither JSON nor a stream.",
  },
  response_unreadable: { ...UPSTREAM, message: "The server's answer is no valid MCP message." },
  response_missing: { ...UPSTREAM, message: "The server's answer leaves the request unanswered." },
  input_request_unreadable: {
    ...UPSTREAM,
    message: "The server asks the client for input in a way that cannot be read.",
  },
  legacy_transport: {
    ...UPSTREAM,
    message: "The server speaks the HTTP+SSE transport of 2024-11-05, which is not supported.",
    remedy: "Use the server's streamable HTTP endpoint.",
  },
  server_version: {
    ...UPSTREAM,
    message: "The server speaks a revision of MCP that the gateway does not read.",
  },
  policy_missing: { ...POLICY, message: "No policy is loaded." },
  policy_undefined: { ...POLICY, message: "The policy gave no decision." },
  policy_malformed: { ...POLICY, message: "The policy's decision has the wrong shape." },
  policy_failed: { ...POLICY, message: "The policy failed." },
  policy_late: { ...POLICY, message: "The policy did not decide in time." },
} as const satisfies Record<AbortCause | PolicyFault["code"] | (string & {}), Refusal>;

export type RefusalCode = keyof typeof REFUSALS;

export function refusal(code: RefusalCode): Refusal {
  return REFUSALS[code];
}

/** What the caller is told; null where it is the code itself. */
export function toldInstead(code: RefusalCode): Reason | null {
  const { toldAs }: Refusal = REFUSALS[code];
  return toldAs === undefined ? null : reasonOf(toldAs as RefusalCode);
}

/** All codes, for the documentation and the tests that hold it. */
export function refusalCodes(): RefusalCode[] {
  return Object.keys(REFUSALS) as RefusalCode[];
}

export function reasonOf(code: RefusalCode): Reason {
  const { message, remedy } = REFUSALS[code];
  return { code, layer: "firewall", rule: `firewall/${code}`, message, remedy };
}
