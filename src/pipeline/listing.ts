import type { EditReceipt } from "../core/audit.ts";
import { type ListedKind, NAME_MEMBER } from "../core/catalogue.ts";
import { FAULT_KIND, type Finding } from "../core/finding.ts";
import { type JsonArray, type JsonNode, member, stringMember } from "../core/json.ts";
import type { Message } from "../core/message.ts";
import { reasonOf } from "../decision/refusals.ts";
import { BUDGET_EXCEEDED } from "../guard/budget.ts";
import { cut } from "../mcp/json/cut.ts";
import { insertMembers, replaceNode, type Splice } from "../mcp/json/splice.ts";
import { rulesOf } from "../mcp/revision/revisions.ts";
import type { Dependencies } from "./dependencies.ts";
import type { Cleaned } from "./layer1.ts";
import { LISTINGS, RESUMED } from "./learn.ts";
import { mostTelling } from "./most-telling.ts";
import type { Scene } from "./scene.ts";
import { SIGHT_MAX_AGE_MS, type Sight } from "./sights.ts";
import { type View, viewOf } from "./visibility.ts";

/** What is to become of a page of a listing for one caller. */
export interface Filtered {
  /** What was found outside of the items that are hidden: the policy judges the page by it. */
  readonly findings: readonly Finding[];
  readonly splices: readonly Splice[];
  /** One for each item that is hidden. */
  readonly receipts: readonly EditReceipt[];
}

/**
 * Takes out of a listing what the policy would not let this caller use, item by item. A page stays
 * a page, an empty one too: its cursor is the server's. Of any other message nothing changes.
 */
export function filterListing(
  { message, findings }: Cleaned,
  prefix: string,
  scene: Scene,
  dependencies: Dependencies,
): Filtered {
  if (!mayList(message)) return { findings, splices: NONE, receipts: NONE };
  return filtered(message, findings, prefix, scene, dependencies);
}

const NONE: readonly never[] = [];

/** Also what answers a request of another exchange, on a stream that was taken up again. */
function mayList({ kind, method }: Message): boolean {
  return kind === "result" && (method === RESUMED || CACHED.has(method ?? ""));
}

function filtered(
  message: Message,
  findings: readonly Finding[],
  prefix: string,
  scene: Scene,
  dependencies: Dependencies,
): Filtered {
  const isTimed = CACHED.has(message.method ?? "");
  const listed = listedIn(message);
  const view = listed.length > 0 || isTimed ? viewOf(scene, message.revision, dependencies) : null;
  if (view === null) return { findings, splices: NONE, receipts: NONE };

  const pages = listed.map((one) => {
    const at = `${prefix}/result/${one.member}`;
    return filterPage(one.kind, one.items, { at, findings, view, scene, dependencies });
  });
  const gone = new Set(pages.flatMap(({ hiddenFindings }) => hiddenFindings));
  return {
    findings: gone.size === 0 ? findings : findings.filter((finding) => !gone.has(finding)),
    splices: [...pages.flatMap(({ splices }) => splices), ...(isTimed ? timed(message) : [])],
    receipts: pages.flatMap(({ receipts }) => receipts),
  };
}

interface Listed {
  readonly kind: ListedKind;
  readonly member: string;
  readonly items: JsonArray;
}

/**
 * The listings in a result that says what there is: whatever looks like a listing is one, asked for
 * or not. So it is in what answers a request of another exchange, on a stream that was taken up
 * again.
 */
function listedIn({ payload }: Message): readonly Listed[] {
  return [...LISTINGS.values()].flatMap((listing): Listed[] => {
    const items = member(payload, listing.member);
    return items?.kind === "array" ? [{ ...listing, items }] : [];
  });
}

interface PageContext {
  readonly at: string;
  readonly findings: readonly Finding[];
  readonly view: View;
  readonly scene: Scene;
  readonly dependencies: Dependencies;
}

interface FilteredPage {
  readonly hiddenFindings: readonly Finding[];
  readonly splices: readonly Splice[];
  readonly receipts: readonly EditReceipt[];
}

function filterPage(kind: ListedKind, { items }: JsonArray, context: PageContext): FilteredPage {
  const { at, view, scene, dependencies } = context;
  const findingsOf = findingsByItem(context.findings, at);
  const hidden = new Map<number, string>();
  for (const [index, item] of items.entries()) {
    const found = mostTelling(findingsOf.get(index) ?? []);
    const name = stringMember(item, NAME_MEMBER[kind]);
    if (name !== undefined) dependencies.sights.found(scene.server, kind, name, found);
    const sight: Sight = name === undefined ? NAMELESS : view.sightOf(kind, name, found);
    if (sight.kind !== "shown") hidden.set(index, ruleOf(sight));
  }
  if (hidden.size === 0) return { hiddenFindings: [], splices: [], receipts: [] };
  return {
    hiddenFindings: [...hidden.keys()].flatMap((index) => findingsOf.get(index) ?? []),
    splices: cut(items, (index) => hidden.has(index)),
    receipts: [...hidden].map(([index, rule]) => receiptOf(`${at}/${index}`, rule, items[index])),
  };
}

/** FAIL CLOSED: what has no name cannot be judged, and what cannot be judged is not shown. */
const NAMELESS: Sight = { kind: "hidden", reasons: [reasonOf("unknown_name")] };

function ruleOf(sight: Exclude<Sight, { kind: "shown" }>): string {
  return sight.kind === "hidden" ? (sight.reasons[0]?.rule ?? "") : reasonOf(sight.code).rule;
}

/** What a hidden item leaves in the log; to the client nothing was edited. */
export const HIDDEN = "hidden";

function receiptOf(pointer: string, rule: string, item: JsonNode | undefined): EditReceipt {
  return { pointer, rule, action: HIDDEN, length: (item?.end ?? 0) - (item?.start ?? 0) };
}

/**
 * Findings by the index of the item they are in. That a guard did not look to the end is said of
 * one item, but true of all that follow: it stays with the page.
 */
function findingsByItem(
  findings: readonly Finding[],
  at: string,
): ReadonlyMap<number, readonly Finding[]> {
  const byItem = new Map<number, Finding[]>();
  for (const finding of findings) {
    if (!finding.at.startsWith(`${at}/`) || UNFINISHED.has(finding.kind)) continue;
    const index = Number.parseInt(finding.at.slice(at.length + 1), 10);
    const found = byItem.get(index);
    if (found === undefined) byItem.set(index, [finding]);
    else found.push(finding);
  }
  return byItem;
}

const UNFINISHED: ReadonlySet<string> = new Set([FAULT_KIND, BUDGET_EXCEEDED]);

/** Results that a client may keep, and that are not the same for every caller. */
const CACHED: ReadonlySet<string> = new Set([...LISTINGS.keys(), "server/discover"]);

/** MCP 2026-07-28, "Caching": for this caller alone, and for no longer than we remember it. */
function timed({ revision, payload }: Message): Splice[] {
  if (payload?.kind !== "object" || !rulesOf(revision).needsCacheHints) return [];
  if ((stringMember(payload, "resultType") ?? "complete") !== "complete") return [];
  const missing: [string, string][] = [];
  const splices: Splice[] = [];
  for (const { key, isGood, text } of HINTS) {
    const hint = member(payload, key);
    if (hint === undefined) missing.push([key, text]);
    else if (!isGood(hint)) splices.push(replaceNode(hint, text));
  }
  return missing.length === 0 ? splices : [...splices, insertMembers(payload, missing)];
}

const HINTS = [
  {
    key: "ttlMs",
    isGood: (node: JsonNode) => node.kind === "number" && Number(node.text) <= SIGHT_MAX_AGE_MS,
    text: String(SIGHT_MAX_AGE_MS),
  },
  {
    key: "cacheScope",
    isGood: (node: JsonNode) => node.kind === "string" && node.value === "private",
    text: '"private"',
  },
] as const;
