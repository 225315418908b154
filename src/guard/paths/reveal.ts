import { readingsOf, readPath } from "../../core/path-text.ts";
import { canEnd } from "./characters.ts";
import { hasCheck } from "./short-code.ts";
import { asPath, decodeSpelled, inText, inUriPath } from "./spelling.ts";
import { type AliasToken, tokenAt } from "./token.ts";
import { type AliasView, keptExtension, type PathEdit } from "./view.ts";

/** Why a text with aliases cannot go on: its receiver would act on another path, or on none. */
export type AliasRefusal = "alias_unknown" | "alias_changed" | "alias_climbs";

export type Revelation =
  | { readonly kind: "revealed"; readonly edits: readonly PathEdit[] }
  | { readonly kind: "refused"; readonly code: AliasRefusal };

const NOTHING: Revelation = { kind: "revealed", edits: [] };

/**
 * The inverse of `conceal` in running text: aliases of this scope become what they stand for, and
 * stuffing is taken out. An alias of another scope tells nothing and stays; one of this scope that
 * is forgotten or was changed is refused, for what it stood for would be lost.
 */
export function revealText(text: string, view: AliasView): Revelation {
  return reveal(text, view, false);
}

/**
 * An argument that is a path. What has the form of an alias here must be one: whoever sent it meant
 * no file of that name. A slash or `./` that joined itself to the front is taken off.
 */
export function revealPath(text: string, view: AliasView): Revelation {
  const lead = LEAD.exec(text)?.[0] ?? "";
  const body = text.slice(lead.length);
  const revealed = reveal(body, view, true);
  if (revealed.kind === "refused") return revealed;
  if (revealed.edits.length === 0 && isBroken(body)) return refused("alias_unknown");
  if (lead === "" || revealed.edits.length === 0) return revealed;
  const shifted = revealed.edits.map(({ start, end, replacement }) => {
    return { start: start + lead.length, end: end + lead.length, replacement };
  });
  return { kind: "revealed", edits: [{ start: 0, end: lead.length, replacement: "" }, ...shifted] };
}

const LEAD = /^\s*(?:\.?\/)+(?=(?:dir|file)_)/i;

function reveal(text: string, view: AliasView, isPath: boolean): Revelation {
  let underscore = text.indexOf("_");
  if (underscore === -1) return NOTHING;
  const edits: PathEdit[] = [];
  while (underscore !== -1) {
    let from = underscore + 1;
    const token = tokenAt(text, underscore);
    if (token !== null) {
      const edit = revealToken(text, token, view, isPath);
      if (typeof edit === "string") return refused(edit);
      if (edit !== null) edits.push(edit);
      from = edit === null ? token.end : edit.end;
    }
    underscore = text.indexOf("_", from);
  }
  return { kind: "revealed", edits };
}

/** Null where the token is text. */
function revealToken(
  text: string,
  token: AliasToken,
  view: AliasView,
  isPath: boolean,
): PathEdit | AliasRefusal | null {
  const target = targetOf(token, view, isPath);
  if (target === null) return isPath ? "alias_unknown" : null;
  if (token.underscores > 1) {
    return { start: token.underscore, end: token.underscore + 1, replacement: "" };
  }
  if (target === "forgotten") return "alias_unknown";
  const end = endWith(target.extension, text, token.end);
  if (end === null) return "alias_changed";
  if (isPath && climbs(text.slice(end))) return "alias_climbs";
  const { replacement } = target;
  const takesSlash = token.inUri && replacement.startsWith("/");
  return { start: takesSlash ? token.start - 1 : token.start, end, replacement };
}

interface Target {
  readonly replacement: string;
  /** What must follow the code. */
  readonly extension: string;
}

function targetOf(
  { kind, code, inUri }: AliasToken,
  view: AliasView,
  isPath: boolean,
): Target | "forgotten" | null {
  if (kind === "root") {
    const root = view.rootOf.get(code);
    if (root === undefined) return hasCheck(view.scope.key, code) ? "forgotten" : null;
    return { replacement: inUri ? root.uriPath : root.path, extension: "" };
  }
  const opened = view.store.open(code, view.scope);
  if (opened.kind === "foreign") return null;
  if (opened.kind === "forgotten") return "forgotten";
  const spelled = decodeSpelled(opened.text);
  const extension = keptExtension(spelled.text, view);
  if (inUri) return { replacement: inUriPath(spelled), extension };
  return { replacement: isPath ? asPath(spelled) : inText(spelled), extension };
}

/** Where the alias ends with its extension; null where it goes on with anything but a slash. */
function endWith(extension: string, text: string, end: number): number | null {
  const behind = end + extension.length;
  if (text.slice(end, behind).toLowerCase() !== extension.toLowerCase()) return null;
  return canEnd(text, behind) ? behind : null;
}

function climbs(suffix: string): boolean {
  return readingsOf(suffix).some((reading) => readPath(reading).dots || reading.includes("\0"));
}

const SCHEME = /^\s*file:\/*(?:localhost\/+)?/i;
const BROKEN = /^[\s./\\]*(?:dir|file)_+([0-9a-z]{12,27})(?![0-9a-z_])/i;

/** Whether a path without an alias was one: cut, typed anew, or encoded on the way. */
function isBroken(text: string): boolean {
  return readingsOf(text.replace(SCHEME, "")).some((reading) => {
    const code = BROKEN.exec(reading)?.[1];
    return code !== undefined && /[0-9]/.test(code) && /[a-z]/i.test(code);
  });
}

function refused(code: AliasRefusal): Revelation {
  return { kind: "refused", code };
}
