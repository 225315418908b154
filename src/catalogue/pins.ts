import type { KnownTool, ListingPage } from "../core/catalogue.ts";
import {
  type InventoriedTool,
  type Inventory,
  type InventoryMode,
  NO_TOOL_FACTS,
  type PinKind,
  type PinNotice,
  type ToolFacts,
} from "../core/inventory.ts";
import { stringMember } from "../core/json.ts";
import type { Catalogue, ToolPins } from "../core/ports.ts";
import type { SeenTools } from "../core/shared.ts";
import { type Confusables, createConfusables } from "./confusables.ts";
import { diffDefinitions } from "./diff.ts";

export interface PinsOptions {
  readonly catalogue: Catalogue;
  /**
   * Null without one: then only what changes before our eyes, and what is confusable, is told. Asked
   * anew each time: it may be replaced while tools are in use.
   */
  readonly inventory: Inventory | null;
  readonly modeOf: (server: string) => InventoryMode;
  /** What other replicas saw too; null: what this process saw is all there is. */
  readonly seen?: SeenTools | null;
}

/** Of one page: a log line stays one that a person can read. */
const NOTICES_MAX = 64;
/** Of these notices so many are compared in full. */
const DIFFS_MAX = 16;
const POINTERS_MAX = 20;

/** Holds what servers list against an inventory, and against what they listed before. */
export function createPins(options: PinsOptions): ToolPins {
  const { catalogue, modeOf, seen: elsewhere = null } = options;
  const confusables = createConfusables();
  const unlearnt = createUnlearnt();
  const entryOf = (server: string, tool: string) =>
    options.inventory?.get(server)?.get(tool) ?? null;

  /** FAIL CLOSED: a tool that was listed with a definition nobody could compare has drifted. */
  function hasDrifted(hash: string, server: string, tool: string): boolean | null {
    const told = elsewhere?.hashOf(server, tool);
    if (told !== undefined) return told !== hash;
    const known = catalogue.tool(server, tool);
    if (known !== null) return known.hash !== hash;
    const isListed = catalogue.knows(server, "tool", tool) || unlearnt.has(server, tool);
    return isListed ? true : null;
  }

  return {
    learn(server, page) {
      if (page.kind !== "tool") {
        catalogue.learn(server, page);
        return [];
      }
      const before = page.items.map((item) => stateOf(options, server, item));
      catalogue.learn(server, page);
      const seen = new Set<string>();
      const remarks = page.items.flatMap((item, index) => {
        const name = stringMember(item, "name");
        const past = before[index];
        if (name === undefined || past === undefined) return [];
        const isTwin = seen.has(name);
        seen.add(name);
        const known = catalogue.tool(server, name);
        const tool = { server, name, index, isTwin, past, known };
        if (isTwin) return confusable(tool, confusables);
        const pinned = options.inventory === null ? undefined : entryOf(server, name);
        // A later inventory may pin what this one does not.
        if (pinned !== undefined && !catalogue.knows(server, "tool", name)) {
          unlearnt.add(server, name);
        }
        return [...remarksOf(tool, pinned), ...confusable(tool, confusables)];
      });
      elsewhere?.note(server, hashesOf(catalogue, server, seen));
      return worstFirst(remarks).slice(0, NOTICES_MAX).map(noticeOf);
    },
    facts(server, tool) {
      if (options.inventory === null || tool === null) return NO_TOOL_FACTS;
      const entry = entryOf(server, tool);
      const hash = entry?.hash ?? null;
      return factsOf(entry, hash === null ? null : hasDrifted(hash, server, tool));
    },
    mode: (server) => (options.inventory === null ? null : modeOf(server)),
    provenance(server, tool) {
      const entry = tool === null ? null : entryOf(server, tool);
      if (entry === null) return null;
      return entry.guessed ? "INVENTORY_GUESS" : "INVENTORY";
    },
  };
}

/** What was known of an entry's name before its page was learnt. */
interface Past {
  readonly isKnown: boolean;
  /** Null where it could not be compared. */
  readonly hash: string | null;
  /** Null where another replica saw it last, for one. */
  readonly text: string | null;
}

function stateOf(
  { catalogue, seen = null }: PinsOptions,
  server: string,
  item: ListingPage["items"][number],
): Past {
  const name = stringMember(item, "name") ?? "";
  const own = catalogue.tool(server, name);
  const told = seen?.hashOf(server, name);
  if (told !== undefined) {
    return { isKnown: true, hash: told, text: own?.hash === told ? (own?.text ?? null) : null };
  }
  const isKnown = catalogue.knows(server, "tool", name);
  return { isKnown, hash: own?.hash ?? null, text: own?.text ?? null };
}

function hashesOf(
  catalogue: Catalogue,
  server: string,
  names: ReadonlySet<string>,
): ReadonlyMap<string, string | null> {
  return new Map([...names].map((name) => [name, catalogue.tool(server, name)?.hash ?? null]));
}

interface ListedTool {
  readonly server: string;
  readonly name: string;
  readonly index: number;
  /** The page had this name before. */
  readonly isTwin: boolean;
  readonly past: Past;
  /** Null for a definition that is too long, or there twice, to be compared. */
  readonly known: KnownTool | null;
}

/** A notice before the texts are compared. */
interface Remark extends Omit<PinNotice, "diff"> {
  readonly texts: readonly [before: string | null, after: string | null];
}

/** `pinned` is null for a tool that the inventory lacks, and undefined without an inventory. */
function remarksOf(
  { name, index, past, known }: ListedTool,
  pinned: InventoriedTool | null | undefined,
): Remark[] {
  const remarks: Remark[] = [];
  const after = known?.hash ?? null;
  const about = { index, tool: name, after, otherServer: null };
  const hash = pinned?.hash ?? null;
  if (pinned !== undefined && hash === null) {
    remarks.push({ ...about, kind: "unpinned", before: null, texts: [null, null] });
  }
  if (hash !== null && hash !== after) {
    const texts = [pinned?.definition ?? null, known?.text ?? null] as const;
    remarks.push({ ...about, kind: "drifted", before: hash, texts });
  }
  if (past.isKnown && past.hash !== after) {
    const texts = [past.text, known?.text ?? null] as const;
    remarks.push({ ...about, kind: "changed", before: past.hash, texts });
  }
  return remarks;
}

function confusable(tool: ListedTool, confusables: Confusables): Remark[] {
  const { server, name, index, isTwin, known, past } = tool;
  const other = confusables.meet({ server, name });
  // Told once: what is listed twice stays so, and its definition stays unknown.
  const otherServer = other ?? (isTwin && !past.isKnown ? server : null);
  if (otherServer === null) return [];
  const after = known?.hash ?? null;
  const texts = [null, null] as const;
  return [{ kind: "confusable", index, tool: name, before: null, after, texts, otherServer }];
}

const WORST_FIRST: readonly PinKind[] = ["drifted", "changed", "confusable", "unpinned"];

function worstFirst(remarks: readonly Remark[]): readonly Remark[] {
  return WORST_FIRST.flatMap((kind) => remarks.filter((remark) => remark.kind === kind));
}

function noticeOf({ texts: [before, after], ...remark }: Remark, order: number): PinNotice {
  const isCompared = before !== null && after !== null && order < DIFFS_MAX;
  return { ...remark, diff: isCompared ? diffDefinitions(before, after, POINTERS_MAX) : null };
}

function factsOf(entry: InventoriedTool | null, drifted: boolean | null): ToolFacts {
  if (entry === null) return { ...NO_TOOL_FACTS, pinned: false };
  const { risk, owner, sideEffects, classification, hash } = entry;
  const pinned = hash !== null;
  return { risk, owner, side_effects: sideEffects, classification, pinned, drifted };
}

/** Of one server; of more of them nobody knows which they were. */
const UNLEARNT_MAX = 1_000;

/** Tools that were listed when the catalogue had no room for them. */
function createUnlearnt() {
  const byServer = new Map<string, Set<string>>();
  return {
    add(server: string, tool: string): void {
      const names = byServer.get(server) ?? new Set();
      byServer.set(server, names);
      if (names.size < UNLEARNT_MAX) names.add(tool);
    },
    /** FAIL CLOSED: of a server that listed too many, any tool may have been among them. */
    has(server: string, tool: string): boolean {
      const names = byServer.get(server);
      return names !== undefined && (names.size >= UNLEARNT_MAX || names.has(tool));
    },
  };
}
