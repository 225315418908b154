import type { Leaf } from "../core/json.ts";
import { pointerOf } from "../core/json.ts";
import type { Message } from "../core/message.ts";
import type { FlowFact } from "../core/policy.ts";
import type { Dependencies } from "./dependencies.ts";
import { leavesOf, type Reading } from "./layer1.ts";
import type { Scene } from "./scene.ts";

/** Whose values travel: what these return is somebody's data, what they are sent may be another's. */
const CARRIERS: ReadonlySet<string> = new Set(["tools/call", "prompts/get", "resources/read"]);

/** Facts of one message; more say no more. */
const FACTS_MAX = 16;

const NO_FACTS: readonly never[] = [];

/**
 * Where the arguments of each message come from, in the words the caller wrote them in; an empty
 * list where nobody asks.
 */
export function flowOf(
  reading: Reading,
  scene: Scene,
  { flow }: Dependencies,
): readonly (readonly FlowFact[])[] {
  if (flow === null || scene.direction === "response") return NO_FACTS;
  return reading.messages.map((message) => {
    const facts: FlowFact[] = [];
    if (!carries(message)) return facts;
    for (const leaf of leavesOf(message, reading)) {
      if (leaf.nature === "key" || !isArgument(leaf, reading.batch)) continue;
      const from = flow.sent(callerOf(scene), scene.server, leaf.text);
      if (from === null || facts.length === FACTS_MAX) continue;
      const at = pointerOf(leaf.location);
      facts.push({ at, from: from.server, age_s: Math.floor(from.ageMs / 1_000) });
    }
    return facts;
  });
}

/** Notes what a server returns, as the caller will see it. */
export function remember(
  reading: Reading,
  verdicts: readonly { readonly decision: { readonly allow: boolean } }[],
  scene: Scene,
  { flow }: Dependencies,
): void {
  if (flow === null || scene.direction === "request") return;
  if (!reading.messages.some(isAnswer)) return;
  for (const [index, message] of reading.messages.entries()) {
    if (!isAnswer(message) || verdicts[index]?.decision.allow !== true) continue;
    const own = leavesOf(message, reading);
    const texts = own.filter(isData).map(({ text }) => text);
    flow.returned(callerOf(scene), scene.server, texts);
  }
}

function isAnswer(message: Message): boolean {
  return message.kind === "result" && carries(message);
}

/** Callers that nobody knows are one: what any of them was told, any of them may pass on. */
function callerOf({ principal }: Scene): string {
  return principal.kind === "anonymous" ? "" : principal.id;
}

function carries({ method }: Message): boolean {
  return CARRIERS.has(method ?? "");
}

function isData({ nature }: Leaf): boolean {
  return nature === "text" || nature === "number";
}

/** Below `params`, but not its `_meta`: what says who speaks which version is no value of anybody. */
function isArgument({ location }: Leaf, batch: boolean): boolean {
  const path: (string | number)[] = [];
  for (let at = location; at !== null; at = at.parent) path.unshift(at.key);
  const [first, second] = batch ? path.slice(1) : path;
  return first === "params" && (second === "arguments" || second === "uri");
}
