import type { Message } from "../core/message.ts";
import type { Dependencies } from "./dependencies.ts";
import { type Cleaned, cleanedBare } from "./layer1.ts";
import { type Decision, decide } from "./layer2.ts";
import { record } from "./record.ts";
import type { Scene } from "./scene.ts";

/** The policy's word, on record, on a request without a body: there is nothing else to judge. */
export function judgeBare(
  message: Message,
  scene: Scene,
  dependencies: Dependencies,
): { readonly cleaned: Cleaned; readonly decision: Decision } {
  const cleaned = cleanedBare(message);
  const decision = decide(cleaned, scene, dependencies);
  const entry = { decision, findings: [], receipts: [], scene, timings: null };
  return { cleaned, decision: record(entry, dependencies) };
}
