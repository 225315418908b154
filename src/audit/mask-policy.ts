import type { DecisionEvent } from "../core/audit.ts";
import type { Json } from "../core/policy.ts";
import { err, ok, type Result } from "../core/result.ts";

/** What a bundle's `data.system.log.mask` wants done to an event, as in OPA's decision log. */
export type MaskRule =
  | { readonly op: "remove"; readonly path: string; readonly steps: readonly string[] }
  | {
      readonly op: "upsert";
      readonly path: string;
      readonly steps: readonly string[];
      readonly value: Json;
    };

/** More than any mask says; what goes over it is none. */
const RULES_MAX = 10_000;
const PATH_MAX_LENGTH = 4096;
/** As in OPA; the last has no counterpart in our events, and is passed over. */
const PARTS: ReadonlySet<string> = new Set(["input", "result", "nd_builtin_cache"]);

/**
 * Reads the answer of a mask policy; the error is the place that is not as it should be. Undefined
 * is an answer: nothing is to be done.
 */
export function decodeMask(value: unknown): Result<readonly MaskRule[], string> {
  if (value === undefined) return ok([]);
  if (!Array.isArray(value) || value.length > RULES_MAX) return err("mask");
  const rules: MaskRule[] = [];
  for (const [index, item] of value.entries()) {
    const rule = decodeRule(item);
    if (rule === null) return err(`mask/${index}`);
    rules.push(rule);
  }
  return ok(rules);
}

function decodeRule(item: unknown): MaskRule | null {
  if (typeof item === "string") return ruleOf("remove", item, null);
  if (!isObject(item)) return null;
  const { op, path, value = null } = item;
  if (op !== "remove" && op !== "upsert") return null;
  // What a policy's JSON text was read as is Json throughout.
  return typeof path === "string" ? ruleOf(op, path, value as Json) : null;
}

function ruleOf(op: MaskRule["op"], path: string, value: Json): MaskRule | null {
  if (!path.startsWith("/") || path.length > PATH_MAX_LENGTH) return null;
  const steps = path.slice(1).split("/").map(unescaped);
  if (!PARTS.has(steps[0] ?? "") || isTheDecision(op, steps)) return null;
  return op === "remove" ? { op, path, steps } : { op, path, steps, value };
}

/** RFC 6901 section 4 */
function unescaped(step: string): string {
  return step.replaceAll("~1", "/").replaceAll("~0", "~");
}

/** A log that says something else than what was decided proves nothing. */
function isTheDecision(op: MaskRule["op"], [part, member]: readonly string[]): boolean {
  if (part !== "result") return false;
  return member === "allow" || (member === undefined && op === "upsert");
}

/**
 * Does to an event, which is safe to keep as it is, what the mask wants beyond that. Every path is
 * one of the event as it was given: to remove the first of a list moves none of the others. A path
 * that leads nowhere does nothing. `allow` stays, whatever becomes of the rest of `result`.
 */
export function maskEvent(event: DecisionEvent, rules: readonly MaskRule[]): DecisionEvent {
  const root: Members = new Map<string, Node>([
    ["input", nodeOf(event.input)],
    ["result", nodeOf(resultOf(event))],
  ]);
  const erased: string[] = [];
  const masked: string[] = [];
  for (const rule of rules) {
    if (rule.op === "upsert") {
      if (upsert(root, rule.steps, nodeOf(rule.value))) masked.push(rule.path);
    } else if (remove(root, rule.steps)) erased.push(rule.path);
  }
  if (erased.length + masked.length === 0) return event;
  const result = jsonOf(root.get("result") ?? REMOVED);
  const kept = rules.some(reachesArguments) ? withoutSealed(event, erased) : event;
  return {
    ...kept,
    input: jsonOf(root.get("input") ?? REMOVED) ?? null,
    // What the mask has left of it: readers of a log expect anything.
    result: { ...(isObject(result) ? result : {}), allow: event.result.allow } as MaskedResult,
    erased: [...event.erased, ...erased],
    masked: [...event.masked, ...masked],
    policy_masked: "applied",
  };
}

type MaskedResult = DecisionEvent["result"];

/**
 * FAIL CLOSED: what nobody could ask the mask about is kept without anything it might have taken
 * out. The reason of the denial that follows is our own, and holds nothing of the message.
 */
export function withoutMaskable(event: DecisionEvent): DecisionEvent {
  const { sealed_arguments: _, ...rest } = event;
  return { ...rest, input: null, erased: ["/input"], masked: [], policy_masked: "failed" };
}

/** FAIL CLOSED: what is taken from the arguments is not left in their sealed copy. */
function withoutSealed(event: DecisionEvent, erased: string[]): DecisionEvent {
  const { sealed_arguments: sealed, ...rest } = event;
  if (sealed !== undefined) erased.push("/sealed_arguments");
  return rest;
}

function reachesArguments({ steps }: MaskRule): boolean {
  const path = ["input", "message", "arguments"];
  return path.every((step, index) => index >= steps.length || steps[index] === step);
}

function resultOf({ result: { allow: _, ...rest } }: DecisionEvent): Json {
  return rest as unknown as Json;
}

const REMOVED = Symbol("removed");

/** JSON that can be changed. Keys are a peer's: they go into a map. */
type Members = Map<string, Node>;
type Node = Members | Node[] | null | boolean | number | string | typeof REMOVED;

function nodeOf(json: Json): Node {
  if (typeof json !== "object" || json === null) return json;
  if (Array.isArray(json)) return json.map(nodeOf);
  return new Map(Object.entries(json).map(([key, value]) => [key, nodeOf(value)]));
}

/** Undefined for what was removed. */
function jsonOf(node: Node): Json | undefined {
  if (typeof node === "symbol") return undefined;
  if (Array.isArray(node)) {
    return node.flatMap((item) => {
      const json = jsonOf(item);
      return json === undefined ? [] : [json];
    });
  }
  if (!(node instanceof Map)) return node;
  const entries = [...node].flatMap(([key, value]) => {
    const json = jsonOf(value);
    return json === undefined ? [] : [[key, json] as const];
  });
  return Object.fromEntries(entries);
}

function child(node: Node, step: string): Node | undefined {
  if (node instanceof Map) return node.get(step);
  if (!Array.isArray(node) || !/^\d{1,9}$/.test(step)) return undefined;
  return node[Number(step)];
}

function put(node: Node, step: string, value: Node): boolean {
  if (node instanceof Map) {
    node.set(step, value);
    return true;
  }
  if (!Array.isArray(node) || child(node, step) === undefined) return false;
  node[Number(step)] = value;
  return true;
}

function remove(root: Members, steps: readonly string[]): boolean {
  let node: Node | undefined = root;
  for (const step of steps.slice(0, -1)) node = node === undefined ? node : child(node, step);
  const last = steps.at(-1) ?? "";
  const there = node === undefined ? undefined : child(node, last);
  if (node === undefined || there === undefined || there === REMOVED) return false;
  return put(node, last, REMOVED);
}

/** Objects on the way are made where there are none. */
function upsert(root: Members, steps: readonly string[], value: Node): boolean {
  // As in OPA: a part that is not there is not made.
  if (!root.has(steps[0] ?? "")) return false;
  let node: Node = root;
  for (const step of steps.slice(0, -1)) {
    let next = child(node, step);
    if (next === undefined && node instanceof Map) {
      next = new Map();
      node.set(step, next);
    }
    if (next === undefined) return false;
    node = next;
  }
  return put(node, steps.at(-1) ?? "", value);
}

function isObject(value: unknown): value is { readonly [key: string]: unknown } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
