import type { EditReceipt } from "../core/audit.ts";
import { ok, type Result } from "../core/result.ts";
import { find } from "../mcp/json/find.ts";
import { removeMembers } from "../mcp/json/remove-members.ts";
import { outermostSplices, replaceNode, type Splice } from "../mcp/json/splice.ts";
import { concealPaths, revealPaths } from "./aliasing.ts";
import type { Dependencies } from "./dependencies.ts";
import { flowOf, remember } from "./flow.ts";
import { decideAll } from "./input-requests.ts";
import { apply, type Cleaned, clean, type Reading } from "./layer1.ts";
import { type Decision, refused } from "./layer2.ts";
import { learn } from "./learn.ts";
import { record } from "./record.ts";
import type { Scene } from "./scene.ts";
import { createStopwatch } from "./stopwatch.ts";

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

/**
 * The way of every message, both directions (design.md §2): read → reveal paths → guard → decide →
 * enforce → conceal paths → record. What to do about a denial is the caller's, who knows what waits
 * for an answer.
 */
export function judge<Fault>(
  bytes: Uint8Array,
  read: Read<Fault>,
  scene: Scene,
  dependencies: Dependencies,
): Result<Judgement, Fault> {
  const stopwatch = createStopwatch(dependencies.clock);
  const first = read(bytes, false);
  stopwatch.lap("read");
  if (!first.ok) return first;
  learn(first.value, scene, dependencies);

  const reread = (edited: Uint8Array): Reading => {
    const again = read(edited, true);
    // FAIL CLOSED: what we made of valid bytes must be valid; if it is not, nothing passes.
    if (!again.ok) throw new Error("an edit made a message unreadable");
    return again.value;
  };
  const revealed = revealPaths(first.value, scene, dependencies, reread);
  const known = { paths: revealed.paths, flow: flowOf(first.value, scene, dependencies) };
  const { reading, cleaned } = clean(revealed.reading, known, scene, dependencies, reread);
  stopwatch.lap("guard");
  const each = cleaned.map((one, index) =>
    decideAll(one, reading.batch ? `/${index}` : "", scene, dependencies),
  );
  const decisions = scene.direction === "request" ? together(each) : each;
  stopwatch.lap("policy");
  const obligations = obligationsOf(reading, decisions);
  const left = apply(reading, obligations.splices, reread);
  const concealed = concealPaths(left, scene, dependencies, reread);
  const enforced = concealed.reading;
  const allowed = decisions.map(({ allow }) => allow);
  remember(enforced, allowed, scene, dependencies);
  stopwatch.lap("enforce");

  const timings = stopwatch.laps();
  const judged = cleaned.map((one, index) => {
    const decision = decisions[index];
    const message = enforced.messages[index];
    if (decision === undefined || message === undefined) throw new Error("a message went missing");
    const paths = concealed.paths[index];
    const findings = [...one.findings, ...(paths?.findings ?? [])];
    const obliged = obligations.receipts[index] ?? [];
    const receipts = [...one.receipts, ...obliged, ...(paths?.receipts ?? [])];
    return {
      cleaned: { ...one, message, findings, receipts },
      decision: record({ decision, findings, receipts, scene, timings }, dependencies),
    };
  });
  return ok({ reading: enforced, judged, milliseconds: stopwatch.total() });
}

/** One denied member of a batch denies all of it: nothing of it is forwarded, and the log says so. */
function together(decisions: readonly Decision[]): readonly Decision[] {
  if (decisions.every(({ allow }) => allow)) return decisions;
  return decisions.map((decision) =>
    decision.allow
      ? refused(decision.decisionId, "batch_denied", decision.input, decision.policyRevision)
      : decision,
  );
}

/** What the policy has done to what it lets through. */
interface Obliged {
  readonly splices: readonly Splice[];
  /** Of the values it blackens, message by message. */
  readonly receipts: readonly (readonly EditReceipt[])[];
}

/** The policy may take members out and blacken values; a pointer to nothing is no fault. */
function obligationsOf({ document, batch }: Reading, decisions: readonly Decision[]): Obliged {
  const remove: string[] = [];
  const redact: Splice[] = [];
  const receipts = decisions.map(({ allow, obligations }, index) => {
    if (!allow) return [];
    const prefix = batch ? `/${index}` : "";
    for (const pointer of obligations.remove) remove.push(prefix + pointer);
    return [...new Set(obligations.redact)].flatMap((obliged): EditReceipt[] => {
      const pointer = prefix + obliged;
      const node = find(document.root, pointer);
      if (node === undefined) return [];
      redact.push(replaceNode(node, '"[REDACTED:policy]"'));
      return [{ pointer, rule: "policy", action: "redacted", length: node.end - node.start }];
    });
  });
  const removed = remove.length === 0 ? [] : removeMembers(document, remove);
  return { splices: outermostSplices([...removed, ...redact]), receipts };
}

/** Whether something was taken out of the message's own text. */
export function isEdited({ cleaned }: Judged): boolean {
  return cleaned.receipts.length > 0;
}
