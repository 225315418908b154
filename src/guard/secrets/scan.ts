import { SEVERITY_RANK } from "../severity.ts";
import { assignmentAt, CONTEXT_KEYWORDS } from "./assignment.ts";
import { DECODE_MAX_DEPTH, decodedViews } from "./decode/decode.ts";
import { joinedLines } from "./decode/lines.ts";
import { findRuns } from "./decode/runs.ts";
import { SIGNS } from "./decode/signs.ts";
import type { View } from "./decode/view.ts";
import { wrappedEnd } from "./decode/wrapped.ts";
import { unnamedSecrets } from "./entropy.ts";
import { createKeywordIndex } from "./keywords.ts";
import { kubernetesSecrets } from "./kubernetes.ts";
import { hideExtents, hideMarks } from "./marks.ts";
import { repeatsOf } from "./repeats.ts";
import type { Boundary, Candidate, SecretRule } from "./rule.ts";
import { numberedTokens } from "./snowflakes.ts";
import {
  assignedKeyAt,
  isNameStart,
  KEY_WORDS,
  type Vendor,
  type VendorMention,
  vendorKeyAt,
  vendorsByName,
} from "./vendors.ts";

/** What a scan costs, counted instead of timed: a test holds it to the length of the text. */
export interface ScanWork {
  /** Patterns tried. */
  attempts: number;
  /** Characters in the windows of rules that look near a keyword, and in values by name. */
  characters: number;
}

/** Finds secrets in one text. */
export interface Scanner {
  scan(text: string, options: ScanOptions): Scan;
}

export interface Scan {
  /** In the order of the text, without overlaps. */
  readonly found: readonly Candidate[];
  /** False when the rounds did not suffice: something may be left. */
  readonly complete: boolean;
}

export interface ScanOptions {
  /** Names and entropy count too, not only forms. */
  readonly contextual: boolean;
  /** Layers of encoding that are looked through. */
  readonly depth?: number;
  readonly work?: ScanWork;
}

/** A rule with its pattern ready for one of the two ways to look. */
interface CompiledRule {
  readonly rule: SecretRule;
  readonly pattern: RegExp;
}

/** What is looked at where one keyword stands. */
interface Caller {
  readonly keyword: string;
  readonly rules: readonly CompiledRule[];
  /** Any of what is below. */
  readonly isContext: boolean;
  /** In a name that may assign a secret. */
  readonly isName: boolean;
  /** Behind the name of a service, it may announce a key. */
  readonly isKeyWord: boolean;
  readonly vendor: Vendor | null;
}

/** Where each rule got to: what lies before was looked at. */
interface Progress {
  readonly text: string;
  readonly found: Candidate[];
  readonly work: ScanWork;
  readonly contextual: boolean;
  /** By rule: up to where it has looked or matched. */
  seen: Map<CompiledRule, number> | null;
  nameSeen: number;
  mention: VendorMention | null;
}

/**
 * Each round hides what it found and looks again, for a token may stand free only once its
 * neighbour is gone. Two rounds are the rule; the bound is for texts made to need more.
 */
const MAX_ROUNDS = 8;

const NOTHING: Scan = { found: [], complete: true };

/** What could stand in anything by chance. */
const UNCERTAIN_KINDS: ReadonlySet<string> = new Set(["high-entropy-token", "named-key"]);

/** No rule matches less, and no name is shorter. */
const SHORTEST_TEXT = 5;

/** A text stuffed with secrets is given up, so that it does not hold up everybody else. */
const FOUND_MAX = 10_000;

/** A scanner for these rules, for secrets named by context and for those that only look random. */
export function createScanner(rules: readonly SecretRule[]): Scanner {
  const callers = callersOf(rules);
  const index = createKeywordIndex(
    callers.map(({ keyword }) => keyword),
    SIGNS,
  );

  function scan(text: string, options: ScanOptions): Scan {
    if (text.length < SHORTEST_TEXT) return NOTHING;
    let visible = hideMarks(text);
    let all: readonly Candidate[] = [];
    for (let round = 0; round < MAX_ROUNDS; round++) {
      const found = mergeCandidates(scanOnce(visible, options));
      if (found.length >= FOUND_MAX) return { found, complete: false };
      if (found.length === 0) return all.length === 0 ? NOTHING : { found: all, complete: true };
      visible = hideExtents(visible, found);
      const repeats = repeatsOf(text, visible, found);
      visible = hideExtents(visible, mergeCandidates(repeats));
      all = mergeCandidates([...all, ...found, ...repeats]);
    }
    return { found: all, complete: false };
  }

  /** Lines are joined where nothing is left to find on single ones: a whole token ends its line. */
  function scanOnce(text: string, options: ScanOptions): readonly Candidate[] {
    const found = scanRound(text, options);
    if (found.length > 0) {
      return found.map((candidate) => {
        return { ...candidate, end: wrappedEnd(text, candidate.start, candidate.end) };
      });
    }
    const { depth = DECODE_MAX_DEPTH } = options;
    return depth === 0 ? found : scanDecoded(joinedLines(text), options);
  }

  function scanRound(text: string, options: ScanOptions): readonly Candidate[] {
    const { contextual, depth = DECODE_MAX_DEPTH } = options;
    const progress = progressIn(text, options);
    const signs = index.visit(text, tryKeyword, progress);
    const runs = findRuns(text);
    const found: Candidate[] = progress.found;
    addTo(found, numberedTokens(text, runs));
    if (depth > 0) addTo(found, scanDecoded(decodedViews(text, runs, signs), options));
    if (contextual) addTo(found, kubernetesSecrets(text));
    if (contextual) addTo(found, unnamedSecrets(text, runs));
    return found;
  }

  /** What stands in codes. Chance alone is no proof there: what is unreadable is not said to be. */
  function scanDecoded(views: readonly View[], options: ScanOptions): readonly Candidate[] {
    if (views.length === 0) return NOTHING.found;
    const { depth = DECODE_MAX_DEPTH } = options;
    return views.flatMap(({ text: decoded, locate, certainOnly }) =>
      scan(decoded, { ...options, depth: depth - 1 })
        .found.filter(({ kind }) => !certainOnly || !UNCERTAIN_KINDS.has(kind))
        .map((candidate) => {
          const [start, end] = locate(candidate.start, candidate.end);
          return { ...candidate, start, end };
        }),
    );
  }

  function tryKeyword(progress: Progress, keyword: number, end: number): void {
    const caller = callers[keyword];
    if (caller === undefined || progress.found.length >= FOUND_MAX) return;
    const start = end - caller.keyword.length;
    for (const compiled of caller.rules) tryRule(compiled, start, end, progress);
    if (progress.contextual && caller.isContext) tryContext(caller, start, end, progress);
  }

  return { scan };
}

/** Where nobody asks for the sum. */
const UNCOUNTED: ScanWork = { attempts: 0, characters: 0 };

function progressIn(text: string, { contextual, work }: ScanOptions): Progress {
  return {
    text,
    found: [],
    work: work ?? UNCOUNTED,
    contextual,
    seen: null,
    nameSeen: 0,
    mention: null,
  };
}

/** One after the other: a text made for it holds more than an argument list may. */
function addTo(found: Candidate[], more: readonly Candidate[]): void {
  for (const candidate of more) found.push(candidate);
}

/** All keywords once, and what each of them calls for. */
function callersOf(rules: readonly SecretRule[]): readonly Caller[] {
  const vendors = vendorsByName();
  const contexts = new Set(CONTEXT_KEYWORDS);
  const rulesOf = new Map<string, CompiledRule[]>();
  for (const rule of rules) {
    const mode = rule.reach.kind === "prefix" ? "y" : "g";
    const pattern = new RegExp(rule.pattern.source, `${rule.pattern.flags}${mode}d`);
    for (const keyword of rule.keywords) {
      rulesOf.set(keyword, [...(rulesOf.get(keyword) ?? []), { rule, pattern }]);
    }
  }
  const keywords = new Set([...rulesOf.keys(), ...contexts, ...KEY_WORDS, ...vendors.keys()]);
  return Array.from(keywords, (keyword) => ({
    keyword,
    rules: rulesOf.get(keyword) ?? [],
    isName: contexts.has(keyword),
    isKeyWord: KEY_WORDS.has(keyword),
    isContext: contexts.has(keyword) || KEY_WORDS.has(keyword) || vendors.has(keyword),
    vendor: vendors.get(keyword) ?? null,
  }));
}

function tryContext(caller: Caller, start: number, end: number, progress: Progress): void {
  const { vendor } = caller;
  if (caller.isKeyWord) tryVendor(start, end, progress);
  if (caller.isName) tryName(start, end, progress);
  if (vendor === null || !isNameStart(progress.text, start)) return;
  progress.mention = { vendor, end };
  const secret = assignedKeyAt(progress.text, progress.mention);
  if (secret !== null) progress.found.push(secret);
}

function tryRule(compiled: CompiledRule, start: number, end: number, progress: Progress): void {
  const { reach, literal } = compiled.rule;
  if (literal !== undefined && !progress.text.startsWith(literal, start)) return;
  if (reach.kind === "near") {
    tryWindow(compiled, start, end + reach.after, progress);
    return;
  }
  const { lead = 0 } = reach;
  if (lead > 0 && !isTokenCode(progress.text.charCodeAt(start - 1))) return;
  const from = start - lead;
  if (from < 0 || from < (progress.seen?.get(compiled) ?? 0)) return;
  if (startsFree(progress.text, from, reach.boundary)) tryPrefix(compiled, from, progress);
}

function tryPrefix(compiled: CompiledRule, start: number, progress: Progress): void {
  const { pattern } = compiled;
  pattern.lastIndex = start;
  progress.work.attempts++;
  const match = pattern.exec(progress.text);
  if (match !== null) acceptMatch(compiled, match, 0, progress);
}

/** Looks at what of the window no earlier window of the rule has covered. */
function tryWindow(compiled: CompiledRule, start: number, limit: number, progress: Progress): void {
  const { pattern } = compiled;
  const { text, work } = progress;
  const from = Math.max(start, progress.seen?.get(compiled) ?? 0);
  const to = Math.min(limit, text.length);
  if (from >= to) return;

  const origin = Math.max(0, from - 1);
  const view = text.slice(origin, to + 1);
  pattern.lastIndex = from - origin;
  work.characters += to - from;
  let resume = from;
  for (let match = pattern.exec(view); match !== null; match = pattern.exec(view)) {
    work.attempts++;
    if (origin + pattern.lastIndex > to) break;
    acceptMatch(compiled, match, origin, progress);
    resume = origin + pattern.lastIndex;
  }
  // What starts near the window's end may go on behind it: the next window starts with it again.
  see(compiled, Math.max(resume, wordStart(text, from, to)), progress);
}

function see(compiled: CompiledRule, end: number, progress: Progress): void {
  progress.seen ??= new Map();
  progress.seen.set(compiled, end);
}

/** Start of the unbroken run that reaches offset `to`, at most a token's length before it. */
function wordStart(text: string, from: number, to: number): number {
  const floor = Math.max(from, to - 64);
  let at = to;
  while (at > floor && !isSpace(text.charCodeAt(at - 1))) at--;
  return at;
}

function acceptMatch(
  compiled: CompiledRule,
  match: RegExpExecArray,
  origin: number,
  progress: Progress,
): void {
  const { rule, pattern } = compiled;
  const secret = match[rule.secretGroup];
  const span = match.indices?.[rule.secretGroup];
  if (secret === undefined || span === undefined) return;
  if (rule.accepts !== undefined && !rule.accepts(secret, match)) return;

  const matchEnd = origin + pattern.lastIndex;
  const start = origin + span[0];
  const end = rule.extend?.(progress.text, matchEnd) ?? (rule.extend ? null : origin + span[1]);
  if (end === null) return;
  progress.found.push({ kind: rule.kind, severity: rule.severity, start, end });
  see(compiled, Math.max(matchEnd, end), progress);
}

function tryVendor(start: number, end: number, progress: Progress): void {
  const { mention, text, work } = progress;
  if (mention === null) return;
  work.attempts++;
  const secret = vendorKeyAt(text, mention, start, end);
  if (secret !== null) progress.found.push(secret);
}

function tryName(start: number, end: number, progress: Progress): void {
  if (end <= progress.nameSeen) return;
  const assignment = assignmentAt(progress.text, start, end);
  progress.nameSeen = Math.max(end, assignment.nameEnd);
  progress.work.attempts++;
  progress.work.characters += assignment.read;
  if (assignment.secret !== null) progress.found.push(assignment.secret);
}

/** Whether a token can begin at `start`: what stands before does not continue into it. */
function startsFree(text: string, start: number, boundary: Boundary): boolean {
  if (start === 0 || boundary === "any") return true;
  const code = text.charCodeAt(start - 1);
  if (code === 0x2d) return boundary === "word";
  if (!isWordCode(code)) return true;
  return isEscapeBefore(text, start);
}

/** `\n`, `\t`, … and `%3D` stand for a character that separates, though they end in a letter. */
function isEscapeBefore(text: string, start: number): boolean {
  if (text.charCodeAt(start - 2) === 0x5c) return /[nrtbf]/.test(text.charAt(start - 1));
  return (
    text.charCodeAt(start - 3) === 0x25 && /^[2-57][0-9A-Fa-f]$/.test(text.slice(start - 2, start))
  );
}

function isWordCode(code: number): boolean {
  return (
    (code >= 0x30 && code <= 0x39) ||
    (code >= 0x41 && code <= 0x5a) ||
    (code >= 0x61 && code <= 0x7a) ||
    code === 0x5f
  );
}

/** As `isWordCode`, and what else base64 and tokens are made of. */
function isTokenCode(code: number): boolean {
  return isWordCode(code) || (code >= 0x2b && code <= 0x2f) || code === 0x7e;
}

function isSpace(code: number): boolean {
  return code <= 0x20 || code === 0x2028;
}

/** In the order of the text; overlapping ones become their union, named after the worst. */
function mergeCandidates(candidates: readonly Candidate[]): readonly Candidate[] {
  if (candidates.length < 2) return candidates;
  const sorted = [...candidates].sort(
    (left, right) =>
      left.start - right.start || SEVERITY_RANK[right.severity] - SEVERITY_RANK[left.severity],
  );

  const merged: Candidate[] = [];
  for (const candidate of sorted) {
    const last = merged.at(-1);
    if (last === undefined || candidate.start >= last.end) {
      merged.push(candidate);
      continue;
    }
    const worst =
      SEVERITY_RANK[candidate.severity] > SEVERITY_RANK[last.severity] ? candidate : last;
    const end = Math.max(last.end, candidate.end);
    merged[merged.length - 1] = { ...worst, start: last.start, end };
  }
  return merged;
}
