import { Buffer } from "node:buffer";
import { CANARIES } from "../support/canaries.ts";
import { SECRET } from "../support/messages.ts";
import type { Position } from "./tables.ts";

export { SECRET };
export const PATH = CANARIES["path under a root"];
/** A number of the card network's own test range. */
const CARD = Number(CANARIES["card number"]);

/**
 * Numbers that are no card to the `pii` guard, whatever they are: JSON-RPC's ids, which a peer
 * compares, and what its name says it counts.
 */
const COUNTS: ReadonlySet<string | number | undefined> = new Set([
  ...["id", "requestId", "progressToken", "io.modelcontextprotocol/subscriptionId"],
  ...["size", "total"],
]);

/** What is planted at a position of a message that one side sends. */
export function plantsFor(
  position: Position,
  from: "client" | "server",
): readonly (string | number)[] {
  const texts = from === "server" ? [SECRET, PATH] : [SECRET];
  const last = position.path.at(-1);
  if (position.kind !== "number") return texts;
  if (last === "id" && position.path.length === 1) return texts;
  return COUNTS.has(last) ? [] : [CARD];
}

/** Whether a canary can be read in what was delivered: as it stands, or decoded. */
export function isLeaked(delivered: string, canary: string): boolean {
  return readings(delivered).some((reading) => reading.includes(canary));
}

function readings(delivered: string): readonly string[] {
  const texts = [delivered, ...jsonTexts(delivered)];
  return [...texts, ...texts.map(percentDecoded), ...texts.flatMap(base64Texts)];
}

/** Every string of the JSON in a body, in the data of an event, or behind the headers. */
function jsonTexts(delivered: string): readonly string[] {
  return delivered.split("\n").flatMap((line) => {
    try {
      return stringsOf(JSON.parse(line.replace(/^data: ?/, "")));
    } catch {
      return [];
    }
  });
}

function stringsOf(value: unknown): readonly string[] {
  if (typeof value === "string") return [value];
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => [key, ...stringsOf(inner)]);
}

function percentDecoded(text: string): string {
  return text.replace(/%([0-9a-fA-F]{2})/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
}

function base64Texts(text: string): readonly string[] {
  return (text.match(/[A-Za-z0-9+/_-]{16,}={0,2}/g) ?? []).map((token) =>
    Buffer.from(token, "base64").toString("latin1"),
  );
}

const PNG = Buffer.from(
  "\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x01\0\0\0\x01\0\x08\x06\0\0\0",
  "latin1",
);
const HALF = Math.floor(SECRET.length / 2);

/** Ways of writing the secret that the other side would read as the secret. */
export const WRAPPINGS: ReadonlyMap<string, string> = new Map([
  ["base64", base64(`token ${SECRET} end`)],
  ["base64url", Buffer.from(`??>> ${SECRET} end`).toString("base64url")],
  ["hexadecimal", Buffer.from(`token ${SECRET}`).toString("hex")],
  ["percent escapes", percentEncoded(SECRET)],
  ["percent escapes in base64", base64(percentEncoded(SECRET))],
  ["JSON in a string", JSON.stringify({ inner: JSON.stringify({ token: SECRET }) })],
  ["JSON escapes in a string", `"${unicodeEscaped(SECRET)}"`],
  ["HTML entities", [...SECRET].map((one) => `&#${one.charCodeAt(0)};`).join("")],
  ["zero-width spaces", [...SECRET].join("\u200b")],
  ["zeros", [...SECRET].join("\0")],
  ["one zero", split("\0")],
  ["another control character", split("\x08")],
  ["colours of a terminal", split("\x1b[1;31m")],
  ["colours of a terminal, as a program writes them", split("\\u001b[0m")],
  ["a line break", split("\n")],
  ["a line break of two characters", split("\r\n")],
  ["a line break behind a backslash", split("\\\n")],
  ["a column", [...SECRET].join("\n")],
]);

/** For payloads: what their base64 holds, and the type that stands beside it. */
export const PAYLOADS: ReadonlyMap<string, string> = new Map([
  ["text", base64(`a file with ${SECRET} in it`)],
  ["a picture with a comment", base64(PNG, "tEXtComment\0", SECRET, Buffer.alloc(200, 0x9c))],
  ["a picture's first bytes, and text", base64(PNG, "\n", "words ".repeat(2000), SECRET)],
  ["bytes of no kind", base64(Buffer.alloc(99, 0xf7), SECRET, Buffer.alloc(99, 0xe1))],
  ["UTF-16", base64(Buffer.from(`\ufeffa file with ${SECRET} in it`, "utf16le"))],
]);

function base64(...parts: readonly (string | Buffer)[]): string {
  return Buffer.concat(parts.map((part) => Buffer.from(part))).toString("base64");
}

function percentEncoded(text: string): string {
  return [...text].map((one) => `%${one.charCodeAt(0).toString(16)}`).join("");
}

function unicodeEscaped(text: string): string {
  return [...text].map((one) => `\\u00${one.charCodeAt(0).toString(16)}`).join("");
}

function split(by: string): string {
  return `token ${SECRET.slice(0, HALF)}${by}${SECRET.slice(HALF)} end`;
}
