import type { Severity } from "../../core/finding.ts";
import type { Element } from "./markup.ts";
import { removed, type Spot } from "./spot.ts";

/** Links and images that a client follows by itself, and that carry away what stands in them. */

const MARKDOWN_LINK = /(!?)\[[^[\]\n]{0,256}\]\(\s{0,8}<?(?=[^\s])/g;
const URL_MAX_LENGTH = 2048;
const SOURCE =
  /\b(?:src|href|action|data|poster|srcset)\s{0,8}=\s{0,8}["']?\s{0,8}([^"'\s>]{1,2048})/i;
const ACTIVE =
  /^(?:javascript|vbscript):|^data:(?:text\/html|text\/javascript|application\/|image\/svg)/i;
const BARE_ACTIVE =
  /(?<![\w-])(?:(?:javascript|vbscript):(?=[\w(%][^\s"'<>`]{3})|data:(?:text\/html|application\/javascript|text\/javascript)[;,])[^\s"'<>`)]{0,2048}\)?/gi;

const SCHEME = /(?:script|data):/i;
const REMOTE = /^(?:https?|ftp|wss?):|^\/\//i;
/** Something the model shall fill in. */
const PLACEHOLDER = /\{[^{}]{1,64}\}|<[^<>]{1,64}>|%7B|\$[A-Za-z_]{3}|\[[^[\]]{1,64}\]/;
/** A value to be filled in: none yet, or a word in capitals. */
const OPEN_VALUE = /[?&;][\w.-]{1,64}=(?:$|[&#)]|[A-Z][A-Z_]{3,64}(?:$|[&#)]))/;
const SENSITIVE =
  /(?:conversation|history|secret|password|credential|token|api_?key|prompt|chat|cookie|env|context|user_?data|contents?|message)/i;
/** What badges are asked for. */
const DISPLAY_QUERY =
  /^\?(?:(?:branch|style|label|logo|logoColor|labelColor|color|event|v|version|ref|raw|size|s|w|width|h|height|format|theme|token|job|flag|q|tag|include_prereleases|sort)(?:=[\w.#%+-]{0,64})?(?:&(?:amp;)?|$)){1,12}$/;

export function findLinks(text: string, elements: readonly Element[]): readonly Spot[] {
  const spots: Spot[] = [];
  for (const match of text.includes("](") ? text.matchAll(MARKDOWN_LINK) : []) {
    const from = match.index + match[0].length;
    const url = urlAt(text, from);
    add(
      spots,
      judge(url, match[1] === "!"),
      match.index,
      from + url.length + closing(text, from + url.length),
    );
  }
  for (const { tag } of elements) {
    const url = SOURCE.exec(tag.attributes)?.[1];
    if (url !== undefined) add(spots, judge(url, tag.name !== "a"), tag.start, tag.end);
  }
  for (const { index, 0: whole } of SCHEME.test(text) ? text.matchAll(BARE_ACTIVE) : []) {
    add(spots, ACTIVE_URL, index, index + whole.length);
  }
  return spots;
}

interface Verdict {
  readonly kind: string;
  readonly severity: Severity;
  readonly mark: string | null;
}

const ACTIVE_URL: Verdict = { kind: "active_url", severity: "high", mark: "link" };

function judge(url: string, isImage: boolean): Verdict | null {
  if (ACTIVE.test(url)) return ACTIVE_URL;
  if (!REMOTE.test(url)) return null;
  const query = url.indexOf("?") < 0 ? "" : url.slice(url.indexOf("?"));
  if (isImage) return judgeImage(url, query);
  if (!PLACEHOLDER.test(query) && !OPEN_VALUE.test(query)) return null;
  return SENSITIVE.test(query)
    ? { kind: "exfiltrating_link", severity: "high", mark: "link" }
    : { kind: "open_link", severity: "low", mark: null };
}

/** An image is fetched without a click. */
function judgeImage(url: string, query: string): Verdict | null {
  if (PLACEHOLDER.test(url) || OPEN_VALUE.test(query)) {
    return { kind: "exfiltrating_image", severity: "high", mark: "image" };
  }
  if (query === "" || DISPLAY_QUERY.test(query)) return null;
  return { kind: "remote_image", severity: "medium", mark: null };
}

const ENDS_URL: ReadonlySet<string> = new Set(["\n", '"', "["]);

/** Up to the space that ends it, and to the parenthesis that closes the link. */
function urlAt(text: string, from: number): string {
  const part = text.slice(from, from + URL_MAX_LENGTH);
  let depth = 0;
  for (let at = 0; at < part.length; at++) {
    const character = part.charAt(at);
    if (ENDS_URL.has(character)) return part.slice(0, at).trimEnd();
    if (character === "(") depth++;
    if (character === ")" && depth-- === 0) return part.slice(0, at);
  }
  return part;
}

/** A title, and the parenthesis at the end. */
function closing(text: string, from: number): number {
  const rest = text.slice(from, from + 256);
  const end = rest.indexOf(")");
  return end < 0 || rest.slice(0, end).includes("\n") ? 0 : end + 1;
}

function add(spots: Spot[], verdict: Verdict | null, start: number, end: number): void {
  if (verdict === null) return;
  const { kind, severity, mark } = verdict;
  const replacement = mark === null ? null : removed(mark);
  spots.push({ concern: "links", kind, severity, start, end, replacement });
}
