import { removed, type Spot } from "./spot.ts";

/** A tag of HTML or XML, or of what pretends to be such. */
export interface Tag {
  readonly start: number;
  readonly end: number;
  /** In lower case, `_` for `-`. */
  readonly name: string;
  readonly closes: boolean;
  readonly attributes: string;
}

/** From an opening tag to the end of its closing one; of the tag alone where none closes it. */
export interface Element {
  readonly tag: Tag;
  readonly end: number;
  readonly isClosed: boolean;
}

const TAG = /<(\/?)([A-Za-z][A-Za-z0-9_-]{0,31})((?:[\s/][^<>]{0,512})?)>/g;

/** All elements of a text, those inside others too, in the order of their opening tags. */
export function elementsOf(text: string): readonly Element[] {
  if (!text.includes("<")) return [];
  const tags = Array.from(text.matchAll(TAG), tagOf);
  const closings = Map.groupBy(
    tags.filter(({ closes }) => closes).toReversed(),
    ({ name }) => name,
  );
  return tags
    .filter(({ closes }) => !closes)
    .map((tag) => {
      const ahead = closings.get(tag.name);
      while (ahead !== undefined && (ahead.at(-1)?.start ?? Infinity) < tag.end) ahead.pop();
      const closing = ahead?.at(-1);
      return { tag, end: closing?.end ?? tag.end, isClosed: closing !== undefined };
    });
}

function tagOf({
  index,
  0: whole,
  1: slash,
  2: name = "",
  3: attributes = "",
}: RegExpExecArray): Tag {
  return {
    start: index,
    end: index + whole.length,
    name: name.toLowerCase().replaceAll("-", "_"),
    closes: slash === "/",
    attributes,
  };
}

const COMMENT_START = "<!--";
const COMMENT_END = /--!?>/g;
const SHORT_CODE_MAX_LENGTH = 64;
/** A link that leads nowhere is a comment in Markdown. */
const MARKDOWN_COMMENT =
  /^[ \t]{0,3}\[(?:\/{2,3}|comment|hidden|_)\]:[ \t]*(?:#|<>)[^\n]{0,4096}/gim;

/** Comments, which a reader of the rendered text does not see. */
export function findComments(text: string): readonly Spot[] {
  const spots: Spot[] = [];
  for (let start = text.indexOf(COMMENT_START); start !== -1; ) {
    COMMENT_END.lastIndex = start + COMMENT_START.length;
    if (!COMMENT_END.test(text)) {
      spots.push({ ...comment(start, start + COMMENT_START.length), replacement: null });
      break;
    }
    const end = COMMENT_END.lastIndex;
    if (!isShortCode(text, start, end)) spots.push(comment(start, end));
    start = text.indexOf(COMMENT_START, end);
  }
  for (const { index, 0: whole } of text.includes("]:") ? text.matchAll(MARKDOWN_COMMENT) : []) {
    spots.push(comment(index, index + whole.length));
  }
  return spots;
}

function comment(start: number, end: number): Spot {
  const shared = { concern: "comments", kind: "hidden_comment", severity: "medium" } as const;
  return { ...shared, start, end, replacement: removed("comment") };
}

/** Between backticks it is text that is shown. */
function isShortCode(text: string, start: number, end: number): boolean {
  if (end - start > SHORT_CODE_MAX_LENGTH) return false;
  return text.charAt(start - 1) === "`" && text.charAt(end) === "`";
}

const UNSEEN =
  /display\s{0,8}:\s{0,8}none|visibility\s{0,8}:\s{0,8}hidden|(?:font-)?size\s{0,8}[:=]\s{0,8}["']?0(?![.\d])|opacity\s{0,8}:\s{0,8}0(?![.\d])|(?:^|\s)hidden(?:[\s=/]|$)/i;
const WHITE = /color\s{0,8}[:=]\s{0,8}["']?\s{0,8}(?:#fff(?:fff)?|white|transparent)\b/i;

/** Elements of HTML that are not shown, or white on white. */
export function findHiddenElements(elements: readonly Element[]): readonly Spot[] {
  return elements
    .filter(({ tag: { attributes } }) => isUnseen(attributes))
    .map(({ tag: { start }, end, isClosed }) => ({
      concern: "comments" as const,
      kind: "hidden_element",
      severity: "medium" as const,
      start,
      end,
      replacement: isClosed ? removed("comment") : null,
    }));
}

function isUnseen(attributes: string): boolean {
  if (attributes === "") return false;
  return UNSEEN.test(attributes) || (WHITE.test(attributes) && !/background/i.test(attributes));
}
