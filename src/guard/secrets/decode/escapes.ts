import { lookAlikeOf } from "./look-alikes.ts";
import { CONTROL_SOURCE, FOREIGN_SOURCE, SIGN } from "./signs.ts";
import type { View } from "./view.ts";

/** What an escape begins with, by the sign that has to be there: a look that costs little. */
const TRIGGERS: readonly (readonly [sign: number, source: string])[] = [
  [SIGN.backslash, String.raw`\\(?=[uUxe0-7\\/])`],
  [SIGN.percent, "%(?=[0-9a-fA-Fu])"],
  [SIGN.ampersand, "&(?=[#a-z])"],
  [SIGN.equals, String.raw`=(?=3D|2E|5F|2D|2B|2F|\r?\n)`],
  [SIGN.quote, "[\"'`](?=[ \\t]{0,2}[+.][ \\t]{0,2}[\"'`])"],
  [SIGN.foreign, FOREIGN_SOURCE],
  [SIGN.control, CONTROL_SOURCE],
];
const TRIGGER_SIGNS = TRIGGERS.reduce((signs, [sign]) => signs | sign, 0);
const COMPILED = new Map<number, RegExp>();

/** A pattern of what texts with these signs can hold. */
function triggerOf(signs: number): RegExp {
  const known = COMPILED.get(signs);
  if (known !== undefined) return known;
  const sources = TRIGGERS.filter(([sign]) => (signs & sign) !== 0).map(([, source]) => source);
  const trigger = new RegExp(sources.join("|"), "g");
  COMPILED.set(signs, trigger);
  return trigger;
}

/** ECMA-48, sections 5.4 and 5.6: what colours a terminal's text, or names its window. */
const TERMINAL_SEQUENCE =
  String.raw`(?:\x1b|\\{1,2}(?:u001[bB]|x1[bB]|033|e))(?:\[[0-?]{0,24}[ -/]{0,4}[@-~]` +
  String.raw`|\][^\x07\x1b\n]{0,256}(?:\x07|\x1b\\)|[()*+][0-9A-Z])`;

const ESCAPE = new RegExp(
  [
    `(?<terminal>${TERMINAL_SEQUENCE}|\\x9b[0-?]{0,24}[ -/]{0,4}[@-~])`,
    `(?<control>${CONTROL_SOURCE})`,
    String.raw`\\{1,4}u(?:\{(?<braced>[0-9a-fA-F]{1,6})\}|(?<unicode>[0-9a-fA-F]{4}))`,
    String.raw`\\{1,4}U(?<wide>[0-9a-fA-F]{8})`,
    String.raw`\\{1,4}x(?<byte>[0-9a-fA-F]{2})`,
    String.raw`\\{1,2}(?<octal>[01][0-7]{2})`,
    "%(?:25)?(?<percent>[0-9a-fA-F]{2})",
    "%u(?<percentWide>[0-9a-fA-F]{4})",
    "&(?:amp;)?#(?<decimal>[0-9]{2,7});?",
    "&(?:amp;)?#[xX](?<hex>[0-9a-fA-F]{2,6});?",
    "&(?<entity>amp|quot|apos|lt|gt|equals|colon|sol|plus|lowbar|hyphen|period|dollar|num);",
    "=(?<quoted>3D|2E|5F|2D|2B|2F)",
    String.raw`\\{1,4}(?<slash>\/)`,
    String.raw`(?<soft>(?<=[A-Za-z0-9+/])=\r?\n(?=[A-Za-z0-9]))`,
    "(?<concatenation>(?<quote>[\"'`])[ \\t]{0,2}[+.][ \\t]{0,2}\\k<quote>)",
    "(?<hidden>[\\u00ad\\u034f\\u115f\\u1160\\u180b-\\u180e\\u200b-\\u200f\\u202a-\\u202e" +
      "\\u2060-\\u2064\\u3164\\ufe00-\\ufe0f\\ufeff]|\\udb40[\\udc00-\\udfff])",
    "(?<alike>[\\u0370-\\u04ff\\u2100-\\u214f\\u2460-\\u24ff\\uff01-\\uffdc]" +
      "|\\ud835[\\udc00-\\udfff])",
  ].join("|"),
  "y",
);

const ENTITIES: ReadonlyMap<string, string> = new Map(
  "amp& quot\" apos' lt< gt> equals= colon: sol/ plus+ lowbar_ hyphen- period. dollar$ num#"
    .split(" ")
    .map((entity) => [entity.slice(0, -1), entity.slice(-1)]),
);

/** A secret and its name stand no further from an escape in them. */
const REACH = 160;
/** A token goes on over so many characters. */
const TOKEN_REACH = 4096;

interface Escape {
  readonly start: number;
  readonly end: number;
  readonly decoded: string;
}

/**
 * The parts of a text around its escapes, unescaped: `\u0041`, `%41`, `&#65;`, characters that
 * only look like ASCII, that cannot be seen, that steer a terminal, or that join two literals of a
 * program. `signs` tells what the text may hold (`signs.ts`).
 */
export function unescapedParts(text: string, signs: number): readonly View[] {
  const escapes = escapesOf(text, signs & TRIGGER_SIGNS);
  if (escapes.length === 0) return NOTHING;
  const views: View[] = [];
  let cluster: Escape[] = [];
  for (const one of escapes) {
    const last = cluster.at(-1);
    if (last !== undefined && one.start - last.end > 2 * REACH) {
      views.push(viewOf(text, cluster));
      cluster = [];
    }
    cluster.push(one);
  }
  views.push(viewOf(text, cluster));
  return views;
}

const NOTHING: readonly never[] = [];

function escapesOf(text: string, signs: number): readonly Escape[] {
  if (signs === 0) return NOTHING;
  const trigger = triggerOf(signs);
  trigger.lastIndex = 0;
  let found = trigger.exec(text);
  if (found === null) return NOTHING;
  const escapes: Escape[] = [];
  for (; found !== null; found = trigger.exec(text)) {
    ESCAPE.lastIndex = found.index;
    const match = ESCAPE.exec(text);
    if (match === null) continue;
    trigger.lastIndex = ESCAPE.lastIndex;
    const one = decodedOf(match);
    if (one !== null) escapes.push(one);
  }
  return escapes;
}

function decodedOf(match: RegExpExecArray): Escape | null {
  const { groups = {}, index: start } = match;
  const end = start + match[0].length;
  const decoded = characterOf(groups);
  return decoded === null ? null : { start, end, decoded };
}

/** What an escape stands for, a control for nothing; null when that is itself, or no ASCII. */
function characterOf(groups: { readonly [group: string]: string | undefined }): string | null {
  if (groups.hidden ?? groups.soft ?? groups.concatenation) return "";
  if (groups.terminal !== undefined || groups.control !== undefined) return "";
  if (groups.slash !== undefined) return "/";
  if (groups.alike !== undefined) return lookAlikeOf(groups.alike);
  if (groups.entity !== undefined) return ENTITIES.get(groups.entity) ?? null;
  if (groups.decimal !== undefined) return visible(Number(groups.decimal));
  if (groups.octal !== undefined) return visible(Number.parseInt(groups.octal, 8));
  const hex =
    groups.unicode ??
    groups.braced ??
    groups.wide ??
    groups.byte ??
    groups.percent ??
    groups.percentWide ??
    groups.hex ??
    groups.quoted;
  return hex === undefined ? null : visible(Number.parseInt(hex, 16));
}

function visible(code: number): string | null {
  if (code >= 0x20 && code < 0x7f) return String.fromCharCode(code);
  if (code === 0x0a || code === 0x0d || code === 0x09) return String.fromCharCode(code);
  if (code < 0x20 || code === 0x7f) return "";
  return code > 0x7f && code <= 0x10ffff ? lookAlikeOf(String.fromCodePoint(code)) : null;
}

/** The text around a cluster of escapes, decoded, with the source offset of each character. */
function viewOf(text: string, cluster: readonly Escape[]): View {
  const from = backToSpace(text, Math.max(0, (cluster[0]?.start ?? 0) - REACH));
  const to = onToSpace(text, Math.min(text.length, (cluster.at(-1)?.end ?? 0) + REACH));
  const parts: string[] = [];
  const offsets: number[] = [];
  let at = from;
  for (const { start, end, decoded } of cluster) {
    parts.push(text.slice(at, start), decoded);
    for (let offset = at; offset < start; offset++) offsets.push(offset);
    for (let index = 0; index < decoded.length; index++) offsets.push(start);
    at = end;
  }
  parts.push(text.slice(at, to));
  for (let offset = at; offset <= to; offset++) offsets.push(offset);
  return {
    text: parts.join(""),
    locate: (start, end) => [offsets[start] ?? from, offsets[end] ?? to],
    certainOnly: false,
  };
}

function backToSpace(text: string, start: number): number {
  const floor = Math.max(0, start - TOKEN_REACH);
  let at = start;
  while (at > floor && text.charCodeAt(at - 1) > 0x20) at--;
  return at;
}

function onToSpace(text: string, end: number): number {
  const limit = Math.min(text.length, end + TOKEN_REACH);
  let at = end;
  while (at < limit && text.charCodeAt(at) > 0x20) at++;
  return at;
}
