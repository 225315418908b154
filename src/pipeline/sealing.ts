import type { EditReceipt } from "../core/audit.ts";
import type { Headers } from "../core/exchange.ts";
import type { TextEdit } from "../core/finding.ts";
import { type Leaf, pointerOf } from "../core/json.ts";
import type { Message } from "../core/message.ts";
import { STRING_TOO_LONG } from "../guard/limits/limits.ts";
import { type Origin, openValue, sealValue } from "../guard/opaque/envelope.ts";
import { formsOf } from "../guard/opaque/forms.ts";
import { holdsPath } from "../guard/opaque/holds-path.ts";
import { spliceText } from "../mcp/json/splice-text.ts";
import { opaqueLeaves } from "../mcp/message/leaves.ts";
import type { Dependencies } from "./dependencies.ts";
import { apply, leavesOf, type Reading } from "./layer1.ts";
import type { Scene } from "./scene.ts";

type Reread = (bytes: Uint8Array) => Reading;

export interface SealedReading {
  readonly reading: Reading;
  /** One list for each message. */
  readonly receipts: readonly (readonly EditReceipt[])[];
}

/**
 * Before the guards: an opaque value that holds a certain secret or a path under a root goes on in
 * an envelope (design.md §4), for it must come back byte for byte and nothing in it may be edited.
 */
export function sealOpaque(
  reading: Reading,
  scene: Scene,
  dependencies: Dependencies,
  reread: Reread,
): SealedReading {
  const origin = scene.direction === "request" ? "client" : "server";
  const scope = dependencies.paths.scopeOf(scene.server, scene.principal, binding(origin, scene));
  const edits = editsOf(reading, (leaf, message) => {
    const isId = IDS.has(leaf.name);
    if (isId && !isServersOwn(leaf, message, scene)) return null;
    const isTelling = isId ? tellsPath : tells;
    return isTelling(leaf, scene, dependencies) ? sealValue(leaf.text, origin, scope) : null;
  });
  const receipts = edits.map((own) => own.map(receiptOf));
  return { reading: rewritten(reading, edits, reread), receipts };
}

/**
 * Behind the policy: envelopes go back to who made what is in them, opened. FAIL CLOSED: one that
 * was changed, or made for another caller or server, goes on as it is, and tells nothing.
 */
export function openOpaque(
  reading: Reading,
  scene: Scene,
  { paths }: Dependencies,
  reread: Reread,
): Reading {
  const origin = scene.direction === "request" ? "server" : "client";
  const scope = paths.scopeOf(scene.server, scene.principal, binding(origin, scene));
  const edits = editsOf(reading, (leaf, { kind }) => {
    const isAnswer = scene.direction === "request" && kind === "response";
    if (IDS.has(leaf.name) && !isAnswer) return null;
    return openValue(leaf.text, origin, scope);
  });
  return rewritten(reading, edits, reread);
}

const SESSION = "mcp-session-id";
type HeaderEdits = readonly (readonly [name: string, value: string])[];
const NONE: HeaderEdits = [];

/** The session's id is opaque, too, and stands in a header alone. */
export function sealSession(
  headers: Headers,
  scene: Scene,
  dependencies: Dependencies,
): HeaderEdits {
  const id = headers.get(SESSION);
  if (id === undefined) return NONE;
  const node = { kind: "string", start: 0, end: id.length, value: id } as const;
  const leaf: Leaf = { node, nature: "opaque", text: id, name: null, location: null };
  if (!tells(leaf, scene, dependencies)) return NONE;
  const scope = dependencies.paths.scopeOf(scene.server, scene.principal, "");
  return [[SESSION, sealValue(id, "server", scope)]];
}

export function openSession(headers: Headers, scene: Scene, { paths }: Dependencies): HeaderEdits {
  const id = headers.get(SESSION);
  if (id === undefined) return NONE;
  const opened = openValue(id, "server", paths.scopeOf(scene.server, scene.principal, ""));
  return opened === null ? NONE : [[SESSION, opened]];
}

/** JSON-RPC's own: both sides compare them with what they sent. */
const IDS: ReadonlySet<string | null> = new Set([
  "id",
  "requestId",
  "io.modelcontextprotocol/subscriptionId",
]);

/** An id that the server made up, and that no request of the client waits for. */
function isServersOwn({ name }: Leaf, { kind, method }: Message, { direction }: Scene): boolean {
  if (direction === "request") return false;
  return name !== "id" || kind === "request" || method === null || method === "";
}

/**
 * What a nameless client made is opened for nobody but the session or the exchange it was made in:
 * a server could hand it to another one. What a server made comes back to that server anyway.
 */
function binding(origin: Origin, { principal, sessionId, requestId }: Scene): string {
  if (origin === "server" || principal.authenticated_by !== "none") return "";
  return sessionId ?? requestId ?? "";
}

function tells(leaf: Leaf, scene: Scene, dependencies: Dependencies): boolean {
  return tellsPath(leaf, scene, dependencies) || tellsSecret(leaf, scene, dependencies);
}

/** What the client says is its own to know: only servers' paths are concealed. */
function tellsPath({ text }: Leaf, scene: Scene, { paths }: Dependencies): boolean {
  const view = scene.direction === "response" ? paths.viewOf(scene.server, scene.principal) : null;
  if (view === null) return false;
  const { forms, complete } = formsOf(text);
  return !complete || holdsPath(forms, view);
}

/** FAIL CLOSED: what could not be looked at whole goes into an envelope, too. */
function tellsSecret(leaf: Leaf, scene: Scene, { inspector }: Dependencies): boolean {
  const place = { ...scene, kind: "notification", method: null, tool: null } as const;
  const { forms, complete } = formsOf(leaf.text);
  const leaves = forms.map((text): Leaf => ({ ...leaf, nature: "opaque", text }));
  const { findings } = inspector.inspect(leaves, place);
  // A value over its limit stays so in an envelope.
  return !complete || findings.some(({ kind }) => kind !== STRING_TOO_LONG);
}

/** What an opaque value becomes; null where it stays. */
type Rewrite = (leaf: Leaf, message: Message) => string | null;

function editsOf({ document, messages, batch }: Reading, rewrite: Rewrite): TextEdit[][] {
  const leaves = opaqueLeaves(document).filter(({ node }) => node.kind === "string");
  return messages.map((message) =>
    leavesOf(message, leaves, batch).flatMap((leaf) => {
      const replacement = rewrite(leaf, message);
      return replacement === null ? [] : [{ leaf, start: 0, end: leaf.text.length, replacement }];
    }),
  );
}

function rewritten(reading: Reading, edits: readonly TextEdit[][], reread: Reread): Reading {
  const all = edits.flat();
  return all.length === 0 ? reading : apply(reading, spliceText(reading.document, all), reread);
}

function receiptOf({ leaf, end }: TextEdit): EditReceipt {
  return { pointer: pointerOf(leaf.location), rule: "opaque/value", action: "sealed", length: end };
}
