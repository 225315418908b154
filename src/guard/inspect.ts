import { Buffer } from "node:buffer";
import {
  FAULT_KIND,
  type Finding,
  type Hit,
  type Inspection,
  type Place,
  type TextEdit,
} from "../core/finding.ts";
import { type Leaf, pointerOf } from "../core/json.ts";
import type { Clock, Guard } from "../core/ports.ts";
import { firstIndex } from "../core/search.ts";
import { type Allowance, type AllowList, hashOfValue } from "./allow-list.ts";
import { BUDGET_EXCEEDED } from "./budget.ts";
import { payloadOf } from "./payload.ts";
import { SEVERITY_RANK } from "./severity.ts";
import { isVocabulary } from "./vocabulary.ts";

/** All guards of Layer 1, run over the leaves of one message. */
export interface Inspector {
  inspect(leaves: readonly Leaf[], place: Place): Inspection;
  /** Of a request: names whose addresses the guards want to know before they look. */
  hosts(leaves: readonly Leaf[], place: Place): ReadonlySet<string>;
  /** Of the guards, in the order they run. */
  readonly names: readonly string[];
}

export interface InspectorOptions {
  readonly clock: Clock;
  /** Time for one message, in milliseconds; over it the inspection stops with a finding. */
  readonly budgetMs: number;
  /** What was found and is known to be nothing; it is neither told nor edited. */
  readonly allow?: AllowList;
  /** With a key, findings carry the hash of what was found. */
  readonly valueKey?: Uint8Array | null;
}

/** A leaf this long is worth a look at the clock between two guards. */
const LONG_LEAF_LENGTH = 4096;

/** The clock is looked at after so many characters, each leaf counting for a few more. */
const WATCHED_LENGTH = 1024;
const LEAF_LENGTH = 64;

const NO_HITS: readonly never[] = [];

/**
 * Shorter base64 of bytes may be a token that only looks like it. In longer, chance makes some: to
 * refuse an archive for those helps nobody.
 */
const RAW_MAX_LENGTH = 1024;

interface GuardHit {
  readonly guard: string;
  readonly hit: Hit;
  /** As in `Finding`. */
  readonly value: string | null;
}

/** A guard that looks at leaves of one kind, and how it is asked. */
interface Asked {
  readonly name: string;
  readonly ask: (leaf: Leaf, place: Place) => readonly Hit[];
}

type Look = (leaf: Leaf) => readonly GuardHit[];

/** Where what is known of a message is gathered. */
interface Conclusions {
  readonly findings: Finding[];
  readonly edits: TextEdit[];
}

/**
 * Runs each guard on each leaf and turns what they hit into findings and edits. A guard that
 * throws is a bug: the exception goes through, and the adapter fails the exchange closed.
 */
export function createInspector(guards: readonly Guard[], options: InspectorOptions): Inspector {
  const { clock, budgetMs, allow, valueKey = null } = options;
  const requests = askedFor(guards, "request");
  const responses = askedFor(guards, "response");
  const media = askedFor(guards, "media");

  function inspect(leaves: readonly Leaf[], place: Place): Inspection {
    const into: Conclusions = { findings: [], edits: [] };
    const deadline = clock.monotonic() + budgetMs;
    const last = leaves.at(-1);

    let unwatched = 0;
    for (const leaf of leaves) {
      if (!isVocabulary(leaf)) inspectLeaf(leaf, place, deadline, into);
      unwatched += leaf.text.length + LEAF_LENGTH;
      if (unwatched < WATCHED_LENGTH && leaf !== last) continue;
      unwatched = 0;
      if (clock.monotonic() <= deadline) continue;

      into.findings.push(budgetExceeded(leaf));
      break;
    }
    return into;
  }

  function inspectLeaf(leaf: Leaf, place: Place, deadline: number, into: Conclusions): void {
    const asked = place.direction === "request" ? requests : responses;
    const payload = payloadOf(leaf);
    if (payload === null) {
      conclude(leaf, hitsOfLeaf(leaf, place, deadline, asked), into);
      return;
    }
    const look: Look = (one) => hitsOfLeaf(one, place, deadline, asked);
    if (payload.kind === "text") {
      concludeText(leaf, payload.text, look, into);
      return;
    }
    const inside: Leaf = { ...leaf, nature: "text", text: payload.text };
    const found =
      payload.kind === "readable"
        ? look(inside)
        : hitsOfLeaf({ ...inside, nature: "media" }, place, deadline, media);
    // An edit inside would break what is around it: the policy refuses what is left.
    conclude(inside, found.map(withoutReplacement), into);
    if (found.length > 0 || leaf.nature !== "text" || leaf.text.length > RAW_MAX_LENGTH) return;
    conclude(leaf, look(leaf), into);
  }

  /** What the guards hit; those that the deadline does not leave time for are left out. */
  function hitsOfLeaf(
    leaf: Leaf,
    place: Place,
    deadline: number,
    asked: readonly Asked[],
  ): readonly GuardHit[] {
    let found: readonly GuardHit[] = NO_HITS;
    const isLong = leaf.text.length >= LONG_LEAF_LENGTH;
    let isFirst = true;
    for (const guard of asked) {
      if (isLong && !isFirst && clock.monotonic() > deadline) break;
      isFirst = false;
      const hits = guard.ask(leaf, place);
      if (hits.length > 0) found = [...found, ...hitsBy(guard.name, hits, leaf)];
    }
    if (allow === undefined || found.length === 0) return found;
    const allowance = allow.at(pointerOf(leaf.location), place);
    return found.filter((entry) => !isAllowed(entry, allowance));
  }

  function hitsBy(guard: string, hits: readonly Hit[], leaf: Leaf): readonly GuardHit[] {
    return hits.map((hit) => ({ guard, hit, value: hashOf(hit, leaf) }));
  }

  function hashOf(hit: Hit, leaf: Leaf): string | null {
    if (valueKey === null || isFailure(hit)) return null;
    return hashOfValue(leaf.text.slice(hit.start, hit.end), valueKey);
  }

  return { inspect, hosts: hostsWanted(guards), names: guards.map((guard) => guard.name) };
}

/** So many names of one message are told; of the rest nobody knows. */
const HOSTS_MAX = 64;

function hostsWanted(guards: readonly Guard[]): Inspector["hosts"] {
  const asking = guards.filter((guard) => guard.names !== undefined);
  return (leaves, place) => {
    const hosts = new Set<string>();
    if (asking.length === 0) return hosts;
    for (const leaf of leaves) {
      for (const name of asking.flatMap((guard) => guard.names?.(leaf, place) ?? [])) {
        hosts.add(name);
      }
      if (hosts.size >= HOSTS_MAX) break;
    }
    return hosts;
  };
}

/** A guard that failed did not see what it would have found: no list excuses that. */
function isFailure({ kind }: Hit): boolean {
  return kind === BUDGET_EXCEEDED || kind === FAULT_KIND;
}

function isAllowed({ guard, hit, value }: GuardHit, allowance: Allowance): boolean {
  return !isFailure(hit) && allowance(`${guard}/${hit.kind}`, value);
}

/** Those that look at such leaves at all, in their order. */
function askedFor(
  guards: readonly Guard[],
  way: "request" | "response" | "media",
): readonly Asked[] {
  return guards.flatMap((guard): Asked[] => {
    const ask = guard[way]?.bind(guard);
    return ask === undefined ? [] : [{ name: guard.name, ask }];
  });
}

function withoutReplacement(entry: GuardHit): GuardHit {
  return { ...entry, hit: { ...entry.hit, replacement: null } };
}

/**
 * Text in base64 is read and edited as the text it is, and encoded again. What is left of the
 * base64 is looked at too, for it may be read as it stands.
 */
function concludeText(leaf: Leaf, text: string, look: Look, into: Conclusions): void {
  const inner: Conclusions = { findings: into.findings, edits: [] };
  const inside: Leaf = { ...leaf, text };
  conclude(inside, look(inside), inner);
  const encoded =
    inner.edits.length === 0
      ? leaf.text
      : Buffer.from(edited(text, inner.edits), "utf8").toString("base64");

  const outer: Conclusions = { findings: into.findings, edits: [] };
  const outside: Leaf = { ...leaf, text: encoded };
  conclude(outside, look({ ...outside, nature: "opaque" }), outer);
  const replacement = edited(encoded, outer.edits);
  if (replacement === leaf.text) return;
  into.edits.push({ leaf, start: 0, end: leaf.text.length, replacement });
}

/** `text` with the edits done; they are in order and apart. */
function edited(text: string, edits: readonly TextEdit[]): string {
  const parts: string[] = [];
  let at = 0;
  for (const { start, end, replacement } of edits) {
    parts.push(text.slice(at, start), replacement);
    at = end;
  }
  parts.push(text.slice(at));
  return parts.join("");
}

function conclude(leaf: Leaf, hits: readonly GuardHit[], { findings, edits }: Conclusions): void {
  if (hits.length === 0) return;
  const at = pointerOf(leaf.location);
  const leafEdits = leaf.nature === "text" ? mergeEdits(leaf, hits) : [];

  for (const { guard, hit, value } of hits) {
    findings.push({
      guard: hit.kind === BUDGET_EXCEEDED ? "limits" : guard,
      kind: hit.kind,
      at,
      action: isCovered(hit, leafEdits) ? "redacted" : "found",
      severity: hit.severity,
      length: hit.end - hit.start,
      value,
    });
  }
  for (const edit of leafEdits) edits.push(edit);
}

/** Edits in the order of the text. Where hits overlap, one edit covers all; the worst names it. */
function mergeEdits(leaf: Leaf, hits: readonly GuardHit[]): readonly TextEdit[] {
  const replacing = hits
    .map(({ hit }) => hit)
    .filter((hit) => hit.replacement !== null)
    .sort((left, right) => left.start - right.start);

  const edits: TextEdit[] = [];
  let rank = -1;
  for (const { start, end, severity, replacement } of replacing) {
    if (replacement === null) continue;
    const last = edits.at(-1);
    if (last === undefined || start >= last.end) {
      edits.push({ leaf, start, end, replacement });
      rank = SEVERITY_RANK[severity];
      continue;
    }
    const worse = SEVERITY_RANK[severity] > rank;
    edits[edits.length - 1] = {
      leaf,
      start: last.start,
      end: Math.max(last.end, end),
      replacement: worse ? replacement : last.replacement,
    };
    if (worse) rank = SEVERITY_RANK[severity];
  }
  return edits;
}

/** Whether the text of `hit` is gone; a binary search, for a leaf may hold thousands of edits. */
function isCovered(hit: Hit, edits: readonly TextEdit[]): boolean {
  const edit = edits[firstIndex(edits, ({ end }) => end >= hit.end)];
  return edit !== undefined && edit.start <= hit.start && hit.end <= edit.end;
}

function budgetExceeded(leaf: Leaf): Finding {
  return {
    guard: "limits",
    kind: BUDGET_EXCEEDED,
    at: pointerOf(leaf.location),
    action: "found",
    severity: "critical",
    length: leaf.text.length,
    value: null,
  };
}
