import assert from "node:assert/strict";
import type { EditReceipt } from "../core/audit.ts";
import type { Finding, Place, TextEdit } from "../core/finding.ts";
import { type JsonDocument, type Leaf, pointerOf } from "../core/json.ts";
import { joined } from "../core/lists.ts";
import type { Message } from "../core/message.ts";
import type { FlowFact } from "../core/policy.ts";
import { firstIndex } from "../core/search.ts";
import { RESERVED_META_PREFIX } from "../decision/annotation.ts";
import type { RefusalCode } from "../decision/refusals.ts";
import { removeMembers } from "../mcp/json/remove-members.ts";
import { applySplices, type Splice } from "../mcp/json/splice.ts";
import { spliceText } from "../mcp/json/splice-text.ts";
import { classifyLeaves } from "../mcp/message/leaves.ts";
import { alikeEdits } from "./alike.ts";
import type { Dependencies } from "./dependencies.ts";
import type { RevealedPaths } from "./revealed-paths.ts";
import type { Scene } from "./scene.ts";

/** A document and the messages in it; `messages` and `leaves` follow the document's order. */
export interface Reading {
  readonly document: JsonDocument;
  readonly messages: readonly Message[];
  readonly batch: boolean;
  /** Those of the document, and what guards may do to them. */
  readonly leaves: readonly Leaf[];
}

export function readingOf(
  document: JsonDocument,
  { messages, batch }: Pick<Reading, "messages" | "batch">,
): Reading {
  return { document, messages, batch, leaves: classifyLeaves(document) };
}

/** What Layer 1 made of one message. */
export interface Cleaned {
  readonly message: Message;
  /** The leaves that are left, as the policy and the other side will see them. */
  readonly leaves: readonly Leaf[];
  readonly findings: readonly Finding[];
  readonly receipts: readonly EditReceipt[];
  /** What came of its aliases; null where nothing is concealed and nothing refused. */
  readonly paths: RevealedPaths | null;
  /** Why it cannot go on, whatever the policy says. */
  readonly refusal: RefusalCode | null;
  /** Which other servers its arguments come from. */
  readonly flow: readonly FlowFact[];
}

/** What was found out before, message by message. */
export interface Known {
  readonly paths: readonly (RevealedPaths | null)[];
  readonly flow: readonly (readonly FlowFact[])[];
}

export interface CleanedReading {
  readonly reading: Reading;
  readonly cleaned: readonly Cleaned[];
}

/**
 * Layer 1 on a whole document: strips what pretends to be ours, lets the guards look at every leaf,
 * and splices their edits. `reread` reads the edited bytes, so that all that follows judges what
 * will really go on, and not what was meant to.
 */
export function clean(
  reading: Reading,
  known: Known,
  scene: Scene,
  dependencies: Dependencies,
  reread: (bytes: Uint8Array) => Reading,
): CleanedReading {
  const { reading: own, receipts: stripped } = stripReserved(reading, reread);
  const edits: TextEdit[] = [];
  const inspections = own.messages.map((message) => {
    const leaves = leavesOf(message, own);
    const inspection = dependencies.inspector.inspect(leaves, placeOf(message, scene));
    const alike = alikeEdits(message, leaves, inspection.edits);
    for (const edit of inspection.edits) edits.push(edit);
    for (const edit of alike.edits) edits.push(edit);
    return { findings: inspection.findings, repeated: alike.receipts };
  });
  const edited = edit(own, edits, reread);
  const cleaned = edited.messages.map((message, index): Cleaned => {
    const { findings, repeated } = inspections[index] ?? NOTHING_FOUND;
    const removed = stripped.length === 0 ? stripped : stripped.filter(isIn(index, own.batch));
    return {
      message,
      leaves: leavesOf(message, edited),
      findings,
      receipts: joined(joined(removed, receiptsOf(findings)), repeated),
      paths: known.paths[index] ?? null,
      flow: known.flow[index] ?? NONE,
      refusal: known.paths[index]?.refusal ?? null,
    };
  });
  return { reading: edited, cleaned };
}

const NONE: readonly never[] = [];
const NOTHING_FOUND = { findings: NONE, repeated: NONE };

/** Where the guards meet a message. */
export function placeOf(
  { kind, method, tool }: Pick<Message, "kind" | "method" | "tool">,
  { direction, server, sessionId, names }: Scene,
): Place {
  const place = { direction, server, kind, method, tool, sessionId };
  return names === undefined ? place : { ...place, names };
}

/** Of HTTP without a JSON-RPC body there is nothing to clean. */
export function cleanedBare(message: Message): Cleaned {
  const none = { leaves: [], findings: [], receipts: [], flow: [] };
  return { message, ...none, paths: null, refusal: null };
}

/** Only we may speak in our own name: `dev.impedance/…` keys of a `_meta` are removed. */
function stripReserved(
  reading: Reading,
  reread: (bytes: Uint8Array) => Reading,
): { readonly reading: Reading; readonly receipts: readonly EditReceipt[] } {
  if (!reading.leaves.some(isReservedMetaKey)) return { reading, receipts: NONE };
  const forged = reading.leaves.filter(isReservedMetaKey);
  const pointers = forged.map((leaf) => pointerOf(leaf.location));
  const receipts = forged.map(({ text }, index) => ({
    pointer: pointers[index] ?? "",
    rule: "firewall/reserved_meta",
    action: "removed",
    length: text.length,
  }));
  const stripped = apply(reading, removeMembers(reading.document, pointers), reread);
  return { reading: stripped, receipts };
}

/** Whether something happened to this message of a batch; without a batch there is only one. */
function isIn(index: number, batch: boolean): (receipt: EditReceipt) => boolean {
  return ({ pointer }) => !batch || pointer.startsWith(`/${index}/`);
}

function isReservedMetaKey(leaf: Leaf): boolean {
  return (
    leaf.nature === "key" &&
    leaf.text.startsWith(RESERVED_META_PREFIX) &&
    leaf.location?.parent?.key === "_meta"
  );
}

function edit(
  reading: Reading,
  edits: readonly TextEdit[],
  reread: (bytes: Uint8Array) => Reading,
): Reading {
  return edits.length === 0 ? reading : apply(reading, spliceText(reading.document, edits), reread);
}

/** FAIL CLOSED: an edit after which the messages are not the same ones is a bug, and is thrown. */
export function apply(
  reading: Reading,
  splices: readonly Splice[],
  reread: (bytes: Uint8Array) => Reading,
): Reading {
  if (splices.length === 0) return reading;
  const after = reread(applySplices(reading.document.bytes, splices));
  assert.equal(after.messages.length, reading.messages.length, "an edit changed the messages");
  return after;
}

/** The leaves of one message, in a document that may hold several. */
export function leavesOf(
  { node }: Message,
  { leaves, batch }: Pick<Reading, "leaves" | "batch">,
): readonly Leaf[] {
  if (!batch || node === null) return leaves;
  return leaves.slice(firstFrom(leaves, node.start), firstFrom(leaves, node.end));
}

/** Index of the first leaf at or behind an offset: leaves stand in the document's order. */
function firstFrom(leaves: readonly Leaf[], offset: number): number {
  return firstIndex(leaves, ({ node }) => node.start >= offset);
}

function receiptsOf(findings: readonly Finding[]): readonly EditReceipt[] {
  if (findings.length === 0) return NONE;
  return findings
    .filter((finding) => finding.action !== "found")
    .map(({ at, guard, kind, action, length }) => ({
      pointer: at,
      rule: `${guard}/${kind}`,
      action,
      length,
    }));
}
