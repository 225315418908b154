/**
 * How one text is written where another form is needed. An alias stands for the exact text it
 * replaced, whatever that was escaped for; only a place that needs another form translates it.
 */

const PLAIN = "p";
const URI = "u";

/** What an opaque alias stands for: text as it stood in running text, or in the path of a URI. */
export interface Spelled {
  readonly form: "plain" | "uri";
  readonly text: string;
}

/** As the store keeps it. */
export function encodeSpelled({ form, text }: Spelled): string {
  return (form === "plain" ? PLAIN : URI) + text;
}

export function decodeSpelled(stored: string): Spelled {
  return { form: stored[0] === URI ? "uri" : "plain", text: stored.slice(1) };
}

/** A path in a URI has one alias with the same path elsewhere, if it can be told from it. */
export function spelledInUri(text: string): Spelled {
  const plain = decodeUriPath(text);
  if (plain !== null && encodeUriPath(plain) === text) return { form: "plain", text: plain };
  return { form: "uri", text };
}

/** The text for the path of a URI. */
export function inUriPath({ form, text }: Spelled): string {
  return form === "uri" ? text : encodeUriPath(text);
}

/** The text for running text. */
export function inText({ form, text }: Spelled): string {
  return form === "plain" ? text : (decodeUriPath(text) ?? text);
}

/** The text for an argument that is a path: what escaped it where it was seen is taken off. */
export function asPath(spelled: Spelled): string {
  const text = inText(spelled);
  if (!text.includes("\\")) return text;
  if (text.startsWith("\\/")) return text.replaceAll("\\/", "/");
  const first = /\\+/.exec(text)?.[0].length ?? 1;
  const width = text.startsWith("\\") ? first / 2 : first;
  return text.replace(/\\+/g, (run) => "\\".repeat(Math.ceil(run.length / width)));
}

/** As file systems' URIs are usually written: all but unreserved characters are encoded. */
export function encodeUriPath(path: string): string {
  if (/^[A-Za-z0-9/._~-]*$/.test(path)) return path;
  return path.isWellFormed() ? encodeURI(path).replace(/[?#]/g, encodeURIComponent) : path;
}

function decodeUriPath(text: string): string | null {
  if (!text.includes("%")) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}
