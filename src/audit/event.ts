import type { ApprovalNote, DecisionEvent, EditReceipt, SealedArguments } from "../core/audit.ts";
import type { Finding } from "../core/finding.ts";
import type { PinNotice } from "../core/inventory.ts";
import type { Json, PolicyInput, Reason } from "../core/policy.ts";
import type { Clock } from "../core/ports.ts";
import type { AnalystSeal } from "./analyst.ts";
import { type MaskedInput, maskInput } from "./mask-input.ts";
import { maskRawName, safePointer } from "./mask-text.ts";
import { createPseudonyms } from "./pseudonym.ts";

/** One decided message, as the pipeline has it in memory: values and all. */
export interface DecisionFacts {
  readonly decisionId: string;
  /** Null where the exchange ended before a policy was there to be asked. */
  readonly input: PolicyInput | null;
  readonly server: string;
  /** `sha256:…` of the bundle that decided; null where none did. */
  readonly policyRevision: string | null;
  readonly decision: {
    readonly allow: boolean;
    readonly reasons: readonly Reason[];
    readonly shadow?: readonly Reason[];
  };
  /** A rule wants the arguments in the log as the policy saw them: cleaned, and within bounds. */
  readonly showsArguments?: boolean;
  /** The cleaned arguments as JSON text; null where there are none. */
  readonly arguments?: Uint8Array | null;
  readonly findings: readonly Finding[];
  readonly edits: readonly EditReceipt[];
  /** What came of a rule's wish to have people agree; null where there was none. */
  readonly approval?: ApprovalNote | null | undefined;
  /** What is remarkable in a listing of tools. */
  readonly pins?: readonly PinNotice[] | undefined;
  readonly requestId: string | null;
  readonly traceId: string | null;
  /** Durations by timer: `timer_impedance_<phase>_ns`. */
  readonly metrics: { readonly [timer: string]: number };
}

export interface EventBuilderOptions {
  readonly clock: Clock;
  /** Which instance wrote the event: names and versions, the same in each event. */
  readonly labels: { readonly [label: string]: string };
  /** Key of the pseudonyms of principals and sessions. */
  readonly subjectKey: Uint8Array;
  /** Keeps arguments for an analyst; absent where nobody may read them. */
  readonly analyst?: AnalystSeal | null;
}

export interface EventBuilder {
  /** Whether anybody may read arguments later: else nobody needs to give them. */
  readonly sealsArguments: boolean;
  build(facts: DecisionFacts): DecisionEvent;
  /** The event of what happens now, to be made later. Of the message itself it keeps nothing. */
  draft(facts: DecisionFacts): () => DecisionEvent;
  /** The pseudonym under which a principal or a session stands in the log. */
  subject(id: string): string;
}

const BUNDLE = "mcp/firewall";
const REQUEST_ID = /^[\w.:-]{1,128}$/;
const TRACE_ID = /^[0-9a-f]{32}$/;

/**
 * Makes log events that are safe to keep: argument keys and sizes instead of values, pseudonyms
 * instead of subjects, and nothing a peer chose unless it has the form of a name.
 */
export function createEventBuilder(options: EventBuilderOptions): EventBuilder {
  const { clock, labels } = options;
  const pseudonym = createPseudonyms(options.subjectKey);
  const bundlesOf = createBundles();
  const timestampOf = createTimestamps();

  function eventOf(
    facts: DecisionFacts,
    timestamp: string,
    sealed: SealedArguments | undefined,
  ): DecisionEvent {
    const { input, server, policyRevision } = facts;
    const masked =
      input === null ? withoutInput(server) : maskInput(input, pseudonym, facts.showsArguments);
    return {
      decision_id: facts.decisionId,
      timestamp,
      labels,
      bundles: bundlesOf(policyRevision),
      path: "mcp/firewall/decision",
      input: masked.input,
      result: encodeResult(facts.decision),
      erased: masked.erased,
      masked: masked.masked,
      request_id: matching(facts.requestId, REQUEST_ID),
      trace_id: matching(facts.traceId, TRACE_ID),
      findings: facts.findings.map(encodeFinding),
      edits: facts.edits.map((edit) => ({ ...edit, pointer: safePointer(edit.pointer) })),
      // Of one shape, for one is made of each decision: what is undefined stands in no line.
      pins: facts.pins?.length ? facts.pins.map(encodeNotice) : undefined,
      approval: facts.approval ?? undefined,
      sealed_arguments: sealed,
      metrics: facts.metrics,
    };
  }

  function draft(facts: DecisionFacts): () => DecisionEvent {
    const timestamp = timestampOf(clock.now());
    const sealed = sealedArguments(facts, options.analyst);
    const kept = facts.arguments ? { ...facts, arguments: null } : facts;
    return () => eventOf(kept, timestamp, sealed);
  }

  return {
    sealsArguments: options.analyst != null,
    build: (facts) => draft(facts)(),
    draft,
    subject: pseudonym,
  };
}

/** The same for each event between two reloads, so that it is made once. */
function createBundles(): (revision: string | null) => DecisionEvent["bundles"] {
  let last: { readonly revision: string; readonly bundles: DecisionEvent["bundles"] } | null = null;
  return (revision) => {
    if (revision === null) return {};
    if (last?.revision !== revision) last = { revision, bundles: { [BUNDLE]: { revision } } };
    return last.bundles;
  };
}

function sealedArguments(
  { arguments: text, decisionId }: DecisionFacts,
  analyst: AnalystSeal | null | undefined,
): SealedArguments | undefined {
  return (text && analyst?.seal(text, decisionId)) ?? undefined;
}

/**
 * As `toISOString` says it, of which all but the milliseconds is the same for a second. Whole
 * milliseconds count, and seconds begin below, also before 1970.
 */
function createTimestamps(): (now: number) => string {
  let second = Number.NaN;
  let prefix = "";
  return (now) => {
    const whole = Math.floor(now);
    const begun = Math.floor(whole / MS_PER_S);
    if (begun !== second) {
      prefix = new Date(begun * MS_PER_S).toISOString().slice(0, -"000Z".length);
      second = begun;
    }
    const milliseconds = String(whole - begun * MS_PER_S).padStart(3, "0");
    return `${prefix}${milliseconds}Z`;
  };
}

const MS_PER_S = 1_000;

function withoutInput(server: string): MaskedInput {
  return { input: { server: { id: server } }, erased: [], masked: [] };
}

function encodeResult({ allow, reasons, shadow = [] }: DecisionFacts["decision"]) {
  return shadow.length === 0 ? { allow, reasons } : { allow, reasons, shadow };
}

function encodeFinding(finding: Finding): Json {
  const { guard, kind, at, action, severity, length, value } = finding;
  return { guard, kind, at: safePointer(at), action, severity, length, value };
}

/** Places and hashes: what a definition says may be anything. */
function encodeNotice({ kind, tool, before, after, diff, otherServer }: PinNotice): Json {
  return {
    kind,
    tool: maskRawName(tool),
    before,
    after,
    other_server: otherServer,
    diff: diff && {
      added: diff.added.map(safePointer),
      removed: diff.removed.map(safePointer),
      changed: diff.changed.map(safePointer),
      cut: diff.cut,
    },
  };
}

function matching(text: string | null, form: RegExp): string | null {
  return text !== null && form.test(text) ? text : null;
}
