import type { JsonNode } from "../core/json.ts";
import { member } from "../core/json.ts";
import type { PaddingScheme } from "../core/padding.ts";
import { ANNOTATED_METHODS, ANNOTATION_KEY, annotation } from "../decision/annotation.ts";
import { errorMessage, type Refused, toolErrorMessage } from "../decision/denial.ts";
import { reasonOf } from "../decision/refusals.ts";
import { applySplices, insertMember, replaceNode, type Splice } from "../mcp/json/splice.ts";
import { canonicalId } from "../mcp/message/id.ts";
import type { ServerSettings } from "./dependencies.ts";
import { isEdited, type Judged, type Judgement } from "./judge.ts";
import type { Decision } from "./layer2.ts";
import type { Pending } from "./pending.ts";

/** What a server sent, with every denial in its place (design.md §7). */
export interface Settled {
  readonly bytes: Uint8Array;
  /** The whole body is one message that was denied and leaves nothing to say. */
  readonly dropped: boolean;
  /** The denial, when the body is one message and that was denied. */
  readonly denied: Decision | null;
  readonly edited: boolean;
  readonly decisionId: string | null;
  /** How the policy wants its length rounded up, beside what is configured. */
  readonly pad: readonly PaddingScheme[];
}

/** Settles one body or one event that came from the server. */
export function settle(judgement: Judgement, settings: ServerSettings): Settled {
  const { reading, judged } = judgement;
  const splices: Splice[] = [];
  for (const one of judged) {
    const splice = spliceOf(one, judgement, settings);
    if (splice !== null) splices.push(splice);
  }
  const [only] = judged;
  const denied = !reading.batch && only?.decision.allow === false ? only.decision : null;
  return {
    bytes: applySplices(reading.document.bytes, splices),
    dropped: denied !== null && only?.cleaned.message.kind === "notification",
    denied,
    edited: judged.some(isEdited),
    decisionId: only?.decision.decisionId ?? null,
    pad: paddingOf(judged),
  };
}

/** One body holds all of them: it has the length that the longest of them is to have. */
export function paddingOf(judged: readonly Judged[]): readonly PaddingScheme[] {
  if (!judged.some(isPadded)) return NO_PADDING;
  return judged.flatMap(({ decision }) => decision.obligations.pad);
}

const NO_PADDING: readonly never[] = [];

function isPadded({ decision }: Judged): boolean {
  return decision.obligations.pad.length > 0;
}

/** Whether every request that waits gets its answer from this body. */
export function answersAll({ judged }: Judgement, pending: Pending): boolean {
  const answered: string[] = [];
  for (const { cleaned } of judged) {
    const { kind, id } = cleaned.message;
    if ((kind === "result" || kind === "error") && id !== null) answered.push(canonicalId(id));
  }
  return pending.areAmong(answered);
}

/** Notes which requests no longer wait, once what answers them goes out. */
export function markAnswered({ judged }: Judgement, pending: Pending): void {
  for (const { cleaned } of judged) {
    const { kind, id } = cleaned.message;
    if (kind === "result" || kind === "error") pending.answered(id);
  }
}

function spliceOf(
  one: Judged,
  { milliseconds }: Judgement,
  settings: ServerSettings,
): Splice | null {
  const { message, receipts } = one.cleaned;
  if (message.node === null) return null;
  if (!one.decision.allow) return replaceNode(message.node, substitute(one, settings));
  const noted = message.kind === "result" && ANNOTATED_METHODS.has(message.method ?? "");
  if (!settings.annotate || !noted || message.payload === null) return null;
  return annotate(message.payload, annotation(one.decision.decisionId, receipts, milliseconds));
}

/** A message's own id, alone or in a batch. */
const ID_POINTER = /^(?:\/\d+)?\/id$/;
const DROPPED = '{"jsonrpc":"2.0","method":"notifications/dev.impedance/dropped"}';

/** What stands in the place of a denied message. */
function substitute({ cleaned, decision }: Judged, settings: ServerSettings): string {
  const { kind, method, revision } = cleaned.message;
  // An id may be what the message was denied for: then nothing of it goes on.
  const isTainted = cleaned.findings.some(({ at }) => ID_POINTER.test(at));
  const id = isTainted ? null : cleaned.message.id;
  const refused = refusedBy(decision);
  switch (kind) {
    case "request":
      if (id === null) return DROPPED;
      // The server waits for an answer: the client itself gives it, −32601, since it has no handler.
      return `{"jsonrpc":"2.0","id":${id},"method":"dev.impedance/denied"}`;
    case "notification":
      return DROPPED;
    default:
      return settings.denial === "tool" && method === "tools/call" && id !== null
        ? toolErrorMessage({ id, method, revision }, refused, settings.disclose)
        : errorMessage(id, refused, settings.disclose);
  }
}

/** The note goes into the result's own `_meta`; a result without members stays as it is. */
function annotate(result: JsonNode, note: string): Splice | null {
  if (result.kind !== "object" || result.members.length === 0) return null;
  const meta = member(result, "_meta");
  if (meta === undefined) return insertMember(result, "_meta", `{"${ANNOTATION_KEY}":${note}}`);
  return meta.kind === "object" ? insertMember(meta, ANNOTATION_KEY, note) : null;
}

export function refusedBy({ retryAfterMs, told, ...decision }: Decision): Refused {
  const { decisionId, reasons, rpcCode } = decision;
  const [first, ...others] = told === undefined ? reasons : [told];
  const refused = {
    decisionId,
    reasons: [first ?? reasonOf("internal"), ...others],
    rpcCode,
  } as const;
  // What is told in a denial's place tells nothing of it, and will not exist later either.
  if (told !== undefined) return refused;
  const wait = retryAfterMs === undefined ? undefined : `"retry_after_ms":${retryAfterMs}`;
  return { ...refused, data: withMember(decision.data, wait) };
}

/** JSON text of an object and of one more member, either of which may be missing. */
function withMember(data: string | undefined, member: string | undefined): string | undefined {
  if (member === undefined) return data;
  return data === undefined ? `{${member}}` : `${data.slice(0, -1)},${member}}`;
}
