import type { AliasScope } from "../core/alias.ts";
import type { EditReceipt } from "../core/audit.ts";
import type { Headers } from "../core/exchange.ts";
import type { TextEdit } from "../core/finding.ts";
import { type Leaf, pointerOf } from "../core/json.ts";
import type { Message } from "../core/message.ts";
import { STRING_TOO_LONG } from "../guard/limits/limits.ts";
import { isEnvelope, type Origin, openValue, sealValue } from "../guard/opaque/envelope.ts";
import { formsOf } from "../guard/opaque/forms.ts";
import { holdsPath } from "../guard/opaque/holds-path.ts";
import { spliceText } from "../mcp/json/splice-text.ts";
import type { Dependencies } from "./dependencies.ts";
import { apply, leavesOf, placeOf, type Reading } from "./layer1.ts";
import type { Scene } from "./scene.ts";

type Reread = (bytes: Uint8Array) => Reading;

export interface SealedReading {
  readonly reading: Reading;
  /** One list for each message; none at all where there is nothing to seal. */
  readonly receipts: readonly (readonly EditReceipt[])[];
}

const NOTHING_SEALED: readonly never[] = [];

/**
 * Before the guards: an opaque value that holds a certain secret or a path under a root goes on in
 * an envelope (design.md §4), for it must come back byte for byte and nothing in it may be edited.
 * FAIL CLOSED: what there is no time to look at goes into an envelope, too. The peer chooses how
 * many such values there are, and how much each of them unpacks to.
 */
export function sealOpaque(
  reading: Reading,
  scene: Scene,
  dependencies: Dependencies,
  reread: Reread,
): SealedReading {
  const own = opaqueTexts(reading);
  if (own.length === 0) return { reading, receipts: NOTHING_SEALED };
  return sealedIn(reading, own, scene, dependencies, reread);
}

function sealedIn(
  reading: Reading,
  own: readonly Leaf[],
  scene: Scene,
  dependencies: Dependencies,
  reread: Reread,
): SealedReading {
  const { clock, limits } = dependencies;
  const deadline = clock.monotonic() + limits.guardBudgetMs;
  const origin = scene.direction === "request" ? "client" : "server";
  const edits = editsOf(reading, own, (leaf, message) => {
    const isId = IDS.has(leaf.name);
    if (isId && !isServersOwn(leaf, message, scene)) return null;
    const isTelling = isId ? tellsPath : tells;
    const isLate = clock.monotonic() > deadline;
    if (!isLate && !isTelling(leaf, scene, dependencies)) return null;
    return sealValue(leaf.text, origin, scopeOf(origin, scene, dependencies));
  });
  const receipts = edits.map((made) => made.map(receiptOf));
  return { reading: rewritten(reading, edits, reread), receipts };
}

/**
 * Behind the policy: envelopes go back to who made what is in them, opened. FAIL CLOSED: one that
 * was changed, or made for another caller or server, goes on as it is, and tells nothing.
 */
export function openOpaque(
  reading: Reading,
  scene: Scene,
  dependencies: Dependencies,
  reread: Reread,
): Reading {
  const own = opaqueTexts(reading);
  if (own.length === 0) return reading;
  const origin = scene.direction === "request" ? "server" : "client";
  const edits = editsOf(reading, own, (leaf, { kind }) => {
    const isAnswer = scene.direction === "request" && kind === "response";
    if (!isEnvelope(leaf.text) || (IDS.has(leaf.name) && !isAnswer)) return null;
    return openValue(leaf.text, origin, scopeOf(origin, scene, dependencies));
  });
  return rewritten(reading, edits, reread);
}

export const SESSION = "mcp-session-id";
type HeaderEdits = readonly (readonly [name: string, value: string])[];
const NONE: HeaderEdits = [];

/** The session's id is opaque, too, and stands in a header alone. */
export function sealSession(
  headers: Headers,
  sceneNow: () => Scene,
  dependencies: Dependencies,
): HeaderEdits {
  const id = headers.get(SESSION);
  if (id === undefined) return NONE;
  const scene = sceneNow();
  const node = { kind: "string", start: 0, end: id.length, value: id } as const;
  const leaf: Leaf = { node, nature: "opaque", text: id, name: null, location: null };
  if (!tells(leaf, scene, dependencies)) return NONE;
  return [[SESSION, sealValue(id, "server", scopeOf("server", scene, dependencies))]];
}

export function openSession(
  headers: Headers,
  sceneNow: () => Scene,
  dependencies: Dependencies,
): HeaderEdits {
  const id = headers.get(SESSION);
  if (id === undefined || !isEnvelope(id)) return NONE;
  const opened = openValue(id, "server", scopeOf("server", sceneNow(), dependencies));
  return opened === null ? NONE : [[SESSION, opened]];
}

/** The session that a request names, as the server knows it. */
export function sessionForServer(
  headers: Headers,
  sceneNow: () => Scene,
  dependencies: Dependencies,
): string | null {
  const [opened] = openSession(headers, sceneNow, dependencies);
  return opened?.[1] ?? headers.get(SESSION) ?? null;
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
function scopeOf(origin: Origin, scene: Scene, { paths }: Dependencies): AliasScope {
  const { server, principal, sessionId, requestId } = scene;
  const isBound = origin === "client" && principal.authenticated_by === "none";
  return paths.scopeOf(server, principal, isBound ? (sessionId ?? requestId ?? "") : "");
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

/** What is known by its form alone is no shorter, and has no gap but what is decoded anyway. */
const SECRET_LEAST_LENGTH = 16;
const SECRET_RUN = /[!-~]{16}/;

/** FAIL CLOSED: what could not be looked at whole goes into an envelope, too. */
function tellsSecret(leaf: Leaf, scene: Scene, { inspector }: Dependencies): boolean {
  if (leaf.text.length < SECRET_LEAST_LENGTH) return false;
  const place = placeOf({ kind: "notification", method: null, tool: null }, scene);
  const { forms, complete } = formsOf(leaf.text);
  const leaves = forms
    .filter((text) => SECRET_RUN.test(text))
    .map((text): Leaf => ({ ...leaf, nature: "opaque", text }));
  const { findings } = inspector.inspect(leaves, place);
  // A value over its limit stays so in an envelope.
  return !complete || findings.some(({ kind }) => kind !== STRING_TOO_LONG);
}

/** What an opaque value becomes; null where it stays. */
type Rewrite = (leaf: Leaf, message: Message) => string | null;

/** What may hold anything; a number is what it is. */
function opaqueTexts({ leaves }: Reading): readonly Leaf[] {
  let found: Leaf[] | null = null;
  for (const leaf of leaves) {
    if (leaf.nature !== "opaque" || leaf.node.kind !== "string") continue;
    found ??= [];
    found.push(leaf);
  }
  return found ?? NOTHING_SEALED;
}

function editsOf(
  { messages, batch }: Reading,
  leaves: readonly Leaf[],
  rewrite: Rewrite,
): TextEdit[][] {
  return messages.map((message) =>
    leavesOf(message, { leaves, batch }).flatMap((leaf) => {
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
