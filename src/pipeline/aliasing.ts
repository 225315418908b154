import type { EditReceipt } from "../core/audit.ts";
import type { Finding, TextEdit } from "../core/finding.ts";
import { type JsonNode, type Leaf, type Location, member, pointerOf } from "../core/json.ts";
import type { Message } from "../core/message.ts";
import type { RefusalCode } from "../decision/refusals.ts";
import { conceal } from "../guard/paths/conceal.ts";
import { applyEdits, concealLeaf, isPathValue, isPlace, revealLeaf } from "../guard/paths/leaf.ts";
import type { ContentsMode, ReadingView } from "../guard/paths/path-guard.ts";
import type { AliasView } from "../guard/paths/view.ts";
import { find } from "../mcp/json/find.ts";
import { outermostSplices, type Splice } from "../mcp/json/splice.ts";
import { spliceText } from "../mcp/json/splice-text.ts";
import { blacken, blackened, isBlackened } from "./blacken.ts";
import type { Dependencies } from "./dependencies.ts";
import { apply, leavesOf, type Reading } from "./layer1.ts";
import type { RevealedPaths } from "./revealed-paths.ts";
import type { Scene } from "./scene.ts";

type Reread = (bytes: Uint8Array) => Reading;

export interface RevealedReading {
  readonly reading: Reading;
  /**
   * One for each message; null where nothing is concealed and nothing refused, none at all where
   * that holds for all of them.
   */
  readonly paths: readonly (RevealedPaths | null)[];
}

/**
 * Step 4 for a request: the caller's aliases become paths, so that all that follows judges what
 * the server would get. A message that is refused stays as it was sent.
 */
export function revealPaths(
  reading: Reading,
  scene: Scene,
  dependencies: Dependencies,
  reread: Reread,
): RevealedReading {
  const { paths } = dependencies;
  const view = paths.viewOf(scene.server, scene.principal);
  if (scene.direction === "response") {
    if (view === null) return { reading, paths: NO_PATHS };
    return { reading, paths: reading.messages.map(concealedBy(view)) };
  }
  const isObliged = dependencies.policy()?.asksForAliases === true;
  const read = paths.readingViewOf(scene.server, scene.principal, isObliged);
  const revealed = read === null ? NO_PATHS : revealedBy(read, reading, paths);
  const real = revealed.length === 0 ? reading : rewritten(reading, revealed, reread);

  const outcomes: (RevealedPaths | null)[] = [];
  for (const message of real.messages) {
    const one = revealed[outcomes.length] ?? NOTHING;
    const isOutOfReach = isCall(message) && leadsOutOfReach(leavesOf(message, real), scene, paths);
    const refusal = one.refusal ?? (isOutOfReach ? "path_out_of_reach" : null);
    const isPlain = read === null && refusal === null;
    outcomes.push(isPlain ? null : { refusal, aliases: one.edits.length, shown: shownBy(view) });
  }
  return { reading: real, paths: outcomes };
}

function concealedBy(view: AliasView): () => RevealedPaths {
  const concealed = { refusal: null, aliases: 0, shown: shownBy(view) };
  return () => concealed;
}

function rewritten(reading: Reading, revealed: readonly Revealed[], reread: Reread): Reading {
  const edits = revealed.flatMap((one) => one.edits);
  return edits.length === 0 ? reading : apply(reading, spliceText(reading.document, edits), reread);
}

const NO_PATHS: readonly never[] = [];

function leadsOutOfReach(
  leaves: readonly Leaf[],
  { server }: Scene,
  paths: Dependencies["paths"],
): boolean {
  for (const leaf of leaves) {
    if (isPathValue(leaf) && paths.isOutOfReach(leaf.text, server)) return true;
  }
  return false;
}

function revealedBy(
  { view, everywhere }: ReadingView,
  reading: Reading,
  paths: Dependencies["paths"],
): readonly Revealed[] {
  return reading.messages.map((message) => {
    const mode = everywhere ? "alias" : paths.contentsOf(message.tool);
    return reveal(leavesOf(message, reading), message, view, mode);
  });
}

interface Revealed {
  readonly refusal: RefusalCode | null;
  readonly edits: readonly TextEdit[];
}

const NOTHING: Revealed = { refusal: null, edits: [] };

function reveal(
  leaves: readonly Leaf[],
  message: Message,
  view: AliasView,
  mode: ContentsMode,
): Revealed {
  const edits: TextEdit[] = [];
  for (const leaf of leaves) {
    const isPath = isCall(message) && isPathValue(leaf);
    if (mode !== "alias" && !isPath && !isPlace(leaf)) continue;
    const revealed = revealLeaf(leaf, view, isPath);
    if (revealed.kind === "refused") return { refusal: revealed.code, edits: [] };
    for (const edit of revealed.edits) edits.push(edit);
  }
  // Two keys may be two spellings of one alias: the object would have the same key twice.
  if (mergesKeys(leaves, edits)) return { refusal: "alias_changed", edits: [] };
  return { refusal: null, edits };
}

function isCall({ kind }: Message): boolean {
  return kind === "request" || kind === "notification";
}

function mergesKeys(leaves: readonly Leaf[], edits: readonly TextEdit[]): boolean {
  const editsOf = Map.groupBy(edits, ({ leaf }) => leaf.node);
  const keys = leaves.filter(({ nature }) => nature === "key");
  if (!keys.some(({ node }) => editsOf.has(node))) return false;
  const taken = new Map<Location | null, Set<string>>();
  for (const { node, text, location } of keys) {
    const parent = location?.parent ?? null;
    const names = taken.get(parent) ?? new Set();
    const name = applyEdits(text, editsOf.get(node) ?? []);
    if (names.has(name)) return true;
    taken.set(parent, names.add(name));
  }
  return false;
}

/** What was concealed in one message, or would have been. */
export interface ConcealedPaths {
  readonly receipts: readonly EditReceipt[];
  readonly findings: readonly Finding[];
}

export interface ConcealedReading {
  readonly reading: Reading;
  /** One for each message; none at all where nothing was. */
  readonly paths: readonly ConcealedPaths[];
}

/**
 * Step 6 for a response, behind the policy's obligations: paths become aliases. `obliged` are the
 * pointers, message by message, of texts whose paths the policy wants concealed, whatever the
 * settings of the server say.
 */
export function concealPaths(
  reading: Reading,
  obliged: readonly (readonly string[])[],
  scene: Scene,
  { paths }: Dependencies,
  reread: Reread,
): ConcealedReading {
  if (scene.direction === "request") return { reading, paths: NO_PATHS };
  const view = paths.viewOf(scene.server, scene.principal);
  const isObliged = obliged.some(({ length }) => length > 0);
  if (view === null && !isObliged) return { reading, paths: NO_PATHS };
  return concealedIn(reading, obliged, scene, paths, view, reread);
}

function concealedIn(
  reading: Reading,
  obliged: readonly (readonly string[])[],
  scene: Scene,
  paths: Dependencies["paths"],
  view: AliasView | null,
  reread: Reread,
): ConcealedReading {
  const edits: TextEdit[] = [];
  const splices: Splice[] = [];
  const concealed = reading.messages.map((message, index): ConcealedPaths => {
    const own = leavesOf(message, reading);
    const pointers = obliged[index] ?? [];
    const named =
      pointers.length === 0
        ? NOTHING_NAMED
        : concealNamed(pointers, reading, own, paths.obligedViewOf(scene.server, scene.principal));
    for (const edit of named.edits) edits.push(edit);
    for (const splice of named.splices) splices.push(splice);
    if (view === null) return { receipts: named.receipts, findings: [] };
    const mode = hasFailed(message) ? "alias" : paths.contentsOf(message.tool);
    const rest = named.nodes.size === 0 ? own : own.filter(({ node }) => !named.nodes.has(node));
    const usual = concealMessage(rest, message, view, mode, edits);
    return { ...usual, receipts: [...named.receipts, ...usual.receipts] };
  });
  if (edits.length + splices.length === 0) return { reading, paths: concealed };
  const all = outermostSplices([...splices, ...spliceText(reading.document, edits)]);
  return { reading: apply(reading, all, reread), paths: concealed };
}

/** What was done at the places that a policy names. */
interface Named {
  readonly edits: readonly TextEdit[];
  readonly splices: readonly Splice[];
  readonly receipts: readonly EditReceipt[];
  /** Nothing more is to be done to these. */
  readonly nodes: ReadonlySet<JsonNode>;
}

const NOTHING_NAMED: Named = { edits: [], splices: [], receipts: [], nodes: new Set() };

/**
 * FAIL CLOSED: where there is no path to conceal, or no view to conceal it by, the value is
 * blackened as a whole; a pointer to nothing is no fault.
 */
function concealNamed(
  pointers: readonly string[],
  { document }: Reading,
  leaves: readonly Leaf[],
  view: AliasView | null,
): Named {
  const edits: TextEdit[] = [];
  const splices: Splice[] = [];
  const receipts: EditReceipt[] = [];
  const nodes = new Set<JsonNode>();
  for (const pointer of pointers) {
    const node = find(document.root, pointer);
    if (node === undefined || nodes.has(node) || isBlackened(node)) continue;
    nodes.add(node);
    const leaf = leaves.find((one) => one.node === node && one.nature === "text");
    const found = leaf === undefined || view === null ? [] : concealPathsOf(leaf, view);
    if (found.some(({ start, end }) => end > start)) {
      for (const edit of found) {
        edits.push(edit);
        receipts.push(receiptOf(edit, pointer));
      }
    } else {
      splices.push(blacken(node));
      receipts.push(blackened(node, pointer));
    }
  }
  return { edits, splices, receipts, nodes };
}

/** The author says that these are paths: a text that is one as a whole need not look like it. */
function concealPathsOf(leaf: Leaf, view: AliasView): readonly TextEdit[] {
  const found = concealLeaf(leaf, view, false);
  if (found.some(({ start, end }) => end > start)) return found;
  return concealLeaf({ ...leaf, name: "path" }, view, false);
}

/** Adds to `edits` what is to be done. */
function concealMessage(
  leaves: readonly Leaf[],
  message: Message,
  view: AliasView,
  mode: ContentsMode,
  edits: TextEdit[],
): ConcealedPaths {
  const onlyRoots = message.kind === "well_known" || CATALOGUES.has(message.method ?? "");
  const receipts: EditReceipt[] = [];
  const findings: Finding[] = [];
  for (const leaf of leaves) {
    const isRewritten = mode === "alias" || isPlace(leaf);
    if (!isRewritten && mode === "off") continue;
    const found = concealLeaf(leaf, view, onlyRoots);
    if (found.length === 0) continue;
    const pointer = pointerOf(leaf.location);
    // One by one: a text may hold more paths than a function takes arguments.
    for (const edit of found) {
      if (isRewritten) {
        edits.push(edit);
        receipts.push(receiptOf(edit, pointer));
      } else findings.push(findingOf(edit, pointer));
    }
  }
  return { receipts, findings };
}

/** What describes a server: its patterns and examples look like paths, and are none. */
const CATALOGUES: ReadonlySet<string> = new Set([
  "initialize",
  "server/discover",
  "tools/list",
  "prompts/list",
]);

/** An error tells of paths that no tool was asked for. */
function hasFailed({ kind, payload }: Message): boolean {
  const isError = member(payload, "isError");
  return kind === "error" || (isError?.kind === "literal" && isError.value === true);
}

/** An insertion makes room beside what only looks like an alias (`conceal.ts`). */
function receiptOf({ start, end }: TextEdit, pointer: string): EditReceipt {
  const [rule, action] =
    start === end ? ["paths/look-alike", "escaped"] : ["paths/path", "aliased"];
  return { pointer, rule, action, length: end - start };
}

function findingOf({ start, end }: TextEdit, at: string): Finding {
  const length = end - start;
  const kind = { guard: "paths", kind: "path", action: "found", severity: "low" } as const;
  return { ...kind, at, length, value: null };
}

/** How the policy may see a text: without the paths that this caller does not see. */
export function shownBy(view: AliasView | null): (text: string) => string {
  return view === null ? (text) => text : (text) => applyEdits(text, conceal(text, view, "paths"));
}
