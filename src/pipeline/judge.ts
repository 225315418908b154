import type { EditReceipt } from "../core/audit.ts";
import { member } from "../core/json.ts";
import { joined } from "../core/lists.ts";
import type { Message } from "../core/message.ts";
import { ok, type Result } from "../core/result.ts";
import type { RefusalCode } from "../decision/refusals.ts";
import { find } from "../mcp/json/find.ts";
import { removeMembers } from "../mcp/json/remove-members.ts";
import { outermostSplices, type Splice } from "../mcp/json/splice.ts";
import { concealPaths, revealPaths } from "./aliasing.ts";
import { blacken, blackened } from "./blacken.ts";
import type { Dependencies } from "./dependencies.ts";
import { flowOf, remember } from "./flow.ts";
import { apply, type Cleaned, clean, type Reading } from "./layer1.ts";
import { type Decision, refused } from "./layer2.ts";
import { type Learned, learn } from "./learn.ts";
import { HIDDEN } from "./listing.ts";
import { record } from "./record.ts";
import { type Scene, withTrace } from "./scene.ts";
import { openOpaque, sealOpaque } from "./sealing.ts";
import { Stopwatch } from "./stopwatch.ts";
import { checkTools, fitResults, type ToolCheck } from "./tool-checks.ts";
import { spanRequestOf } from "./tracing.ts";
import { type Verdict, verdictOn } from "./verdict.ts";

/** One message with all that was found, done and decided. */
export interface Judged {
  readonly cleaned: Cleaned;
  readonly decision: Decision;
}

export interface Judgement {
  /** As it would go on: cleaned, and the policy's obligations done. */
  readonly reading: Reading;
  readonly judged: readonly Judged[];
  /** Milliseconds spent. */
  readonly milliseconds: number;
}

/**
 * Reads bytes into messages, or says which rule of the protocol they break. What we `edited` no
 * longer has to agree with the headers that came with it: those are rewritten to match.
 */
export type Read<Fault> = (bytes: Uint8Array, edited: boolean) => Result<Reading, Fault>;

/** Bytes that were read, and nothing more. */
export interface Opened {
  readonly reading: Reading;
  /** Reads what we made of it. */
  readonly reread: (edited: Uint8Array) => Reading;
  readonly stopwatch: Stopwatch;
}

/** Reads bytes; what is judged of them, and in which scene, is said later. */
export function open<Fault>(
  bytes: Uint8Array,
  read: Read<Fault>,
  { clock }: Dependencies,
): Result<Opened, Fault> {
  const stopwatch = new Stopwatch(clock);
  const first = read(bytes, false);
  stopwatch.lap("read");
  if (!first.ok) return first;
  const reread = (edited: Uint8Array): Reading => {
    const again = read(edited, true);
    // FAIL CLOSED: what we made of valid bytes must be valid; if it is not, nothing passes.
    if (!again.ok) throw new Error("an edit made a message unreadable");
    return again.value;
  };
  return ok({ reading: first.value, reread, stopwatch });
}

/** Reads bytes and judges them in one go. */
export function judge<Fault>(
  bytes: Uint8Array,
  read: Read<Fault>,
  scene: Scene,
  dependencies: Dependencies,
): Result<Judgement, Fault> {
  const opened = open(bytes, read, dependencies);
  return opened.ok ? ok(judgeOpened(opened.value, scene, dependencies)) : opened;
}

/**
 * The way of every message, both directions (design.md §2): read → learn → seal → reveal paths →
 * guard → check → decide → enforce → conceal paths → fit → open → remember → record. What to do
 * about a denial is the caller's, who knows what waits for an answer. `objection` is the caller's
 * own word against a message, from what it came with.
 */
export function judgeOpened(
  { reading: first, reread, stopwatch }: Opened,
  given: Scene,
  dependencies: Dependencies,
  objection: (message: Message) => RefusalCode | null = () => null,
): Judgement {
  const scene = given.direction === "request" ? withTrace(given, first.messages) : given;
  const learned = learn(first, scene, dependencies);
  const sealed = sealOpaque(first, scene, dependencies, reread);
  const revealed = revealPaths(sealed.reading, scene, dependencies, reread);
  const known = { paths: revealed.paths, flow: flowOf(first, scene, dependencies) };
  const inner = clean(revealed.reading, known, scene, dependencies, reread);
  const { reading } = inner;
  if (scene.direction === "request") {
    scene.span?.asked(spanRequestOf(reading.messages, scene, dependencies));
  }
  const checks = checkTools(first, reading, scene, dependencies);
  const cleaned = withNoticed(inner.cleaned, checks, learned, objection);
  stopwatch.lap("guard");
  const verdicts = verdictsOn(cleaned, reading, scene, dependencies);
  stopwatch.lap("policy");
  const obligations = obligationsOf(reading, verdicts, scene);
  const left = apply(reading, obligations.splices, reread);
  const concealed = concealPaths(left, namedPaths(verdicts, reading), scene, dependencies, reread);
  const fitted = fitResults(first, concealed.reading, scene, dependencies, reread);
  const enforced = openOpaque(fitted.reading, scene, dependencies, reread);
  remember(enforced, verdicts, scene, dependencies);
  stopwatch.lap("enforce");

  const timings = stopwatch.laps();
  const judged: Judged[] = [];
  for (let index = 0; index < cleaned.length; index += 1) {
    const one = cleaned[index];
    const decision = verdicts[index]?.decision;
    const message = enforced.messages[index];
    if (one === undefined || decision === undefined || message === undefined) {
      throw new Error("a message went missing");
    }
    const paths = concealed.paths[index];
    const findings = joined(one.findings, paths?.findings ?? NONE);
    const own = joined(sealed.receipts[index] ?? NONE, one.receipts);
    const late = joined(paths?.receipts ?? NONE, fitted.receipts[index] ?? NONE);
    const receipts = joined(joined(own, obligations.receipts[index] ?? NONE), late);
    const pins = learned[index]?.notices ?? NONE;
    const given = argumentsOf(one.message, reading);
    const entry = { decision, findings, receipts, pins, arguments: given, scene, timings };
    const recorded = record(entry, dependencies);
    judged.push({ cleaned: asSent(one, message, findings, receipts), decision: recorded });
  }
  return { reading: enforced, judged, milliseconds: stopwatch.total() };
}

/** With what was noticed beside the guards' findings, and with what stands against a message. */
function withNoticed(
  cleaned: readonly Cleaned[],
  checks: readonly ToolCheck[],
  learned: readonly Learned[],
  objection: (message: Message) => RefusalCode | null,
): readonly Cleaned[] {
  return cleaned.map((one, index) => {
    const refusal = one.refusal ?? checks[index]?.refusal ?? objection(one.message);
    const noticed = joined(checks[index]?.findings ?? NONE, learned[index]?.findings ?? NONE);
    if (refusal === one.refusal && noticed.length === 0) return one;
    // First, so that a message stuffed with findings does not push them out.
    return { ...one, refusal, findings: joined(noticed, one.findings) };
  });
}

function verdictsOn(
  cleaned: readonly Cleaned[],
  reading: Reading,
  scene: Scene,
  dependencies: Dependencies,
): readonly Verdict[] {
  const verdicts = cleaned.map((one, index) =>
    verdictOn(one, prefixOf(index, reading), scene, dependencies),
  );
  return scene.direction === "request" ? together(verdicts) : verdicts;
}

/** The pointer to a message. */
function prefixOf(index: number, { batch }: Reading): string {
  return batch ? `/${index}` : "";
}

const NONE: readonly never[] = [];

/** Where the policy wants paths concealed, message by message; none at all where it says nothing. */
function namedPaths(
  verdicts: readonly Verdict[],
  reading: Reading,
): readonly (readonly string[])[] {
  if (!verdicts.some(namesPaths)) return NONE;
  return verdicts.map((verdict, index) =>
    namesPaths(verdict)
      ? verdict.decision.obligations.alias.map((pointer) => prefixOf(index, reading) + pointer)
      : NONE,
  );
}

function namesPaths({ decision: { allow, obligations } }: Verdict): boolean {
  return allow && obligations.alias.length > 0;
}

/** What was judged, as it goes on. */
function asSent(
  one: Cleaned,
  message: Message,
  findings: Cleaned["findings"],
  receipts: Cleaned["receipts"],
): Cleaned {
  const { leaves, paths, refusal, flow } = one;
  const isSame = message === one.message && findings === one.findings;
  if (isSame && receipts === one.receipts) return one;
  return { message, leaves, findings, receipts, paths, refusal, flow };
}

/** The arguments as they were decided on. */
function argumentsOf({ kind, payload }: Message, { document }: Reading): Uint8Array | null {
  const given = kind === "request" ? member(payload, "arguments") : undefined;
  return given === undefined ? null : document.bytes.subarray(given.start, given.end);
}

/** One denied member of a batch denies all of it: nothing of it is forwarded, and the log says so. */
function together(verdicts: readonly Verdict[]): readonly Verdict[] {
  if (verdicts.every(({ decision }) => decision.allow)) return verdicts;
  return verdicts.map((verdict) => {
    const { allow, decisionId, input, policyRevision } = verdict.decision;
    if (!allow) return verdict;
    return { ...verdict, decision: refused(decisionId, "batch_denied", input, policyRevision) };
  });
}

/** What the policy has done to what it lets through. */
interface Obliged {
  readonly splices: readonly Splice[];
  /** Of the values it blackens, message by message; none at all where nothing is to be done. */
  readonly receipts: readonly (readonly EditReceipt[])[];
}

const NOTHING_OBLIGED: Obliged = { splices: NONE, receipts: NONE };

/**
 * The policy may take members out and blacken values, where a pointer to nothing is no fault; a
 * listing loses what its caller may not use.
 */
function obligationsOf(reading: Reading, verdicts: readonly Verdict[], scene: Scene): Obliged {
  return verdicts.some(changesMessage) ? changesOf(reading, verdicts, scene) : NOTHING_OBLIGED;
}

function changesOf(reading: Reading, verdicts: readonly Verdict[], scene: Scene): Obliged {
  const { document } = reading;
  const remove: string[] = [];
  const splices: Splice[] = [];
  const receipts = verdicts.map(({ decision, ...verdict }, index) => {
    if (!decision.allow) return [];
    const prefix = prefixOf(index, reading);
    for (const pointer of decision.obligations.remove) remove.push(prefix + pointer);
    const redacted = [...new Set(blackenedBy(decision, scene))].flatMap(
      (obliged): EditReceipt[] => {
        const pointer = prefix + obliged;
        const node = find(document.root, pointer);
        if (node === undefined) return [];
        splices.push(blacken(node));
        return [blackened(node, pointer)];
      },
    );
    for (const splice of verdict.splices) splices.push(splice);
    return [...redacted, ...verdict.receipts];
  });
  const removed = remove.length === 0 ? [] : removeMembers(document, remove);
  return { splices: outermostSplices([...removed, ...splices]), receipts };
}

/** Towards a server no path is concealed: what is to be aliased there is not to go there. */
function blackenedBy({ obligations }: Decision, { direction }: Scene): readonly string[] {
  const { redact, alias } = obligations;
  return direction === "request" ? [...redact, ...alias] : redact;
}

function changesMessage({ decision, splices, receipts }: Verdict): boolean {
  const { remove, redact, alias } = decision.obligations;
  return remove.length + redact.length + alias.length + splices.length + receipts.length > 0;
}

/** Whether something was taken out of the message's own text; what a listing lacks is no edit. */
export function isEdited({ cleaned }: Judged): boolean {
  return cleaned.receipts.length > 0 && cleaned.receipts.some(({ action }) => action !== HIDDEN);
}

/** The message that was denied for its own sake, before those that share its batch. */
export function theDenied(judged: readonly Judged[]): Judged | undefined {
  if (judged.every(({ decision }) => decision.allow)) return undefined;
  const denied = judged.filter(({ decision }) => !decision.allow);
  return denied.find(({ decision }) => decision.reasons[0]?.code !== "batch_denied") ?? denied[0];
}
