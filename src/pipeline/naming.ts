import type { NameAnswer } from "../core/names.ts";
import type { Dependencies } from "./dependencies.ts";
import { leavesOf, placeOf, type Reading } from "./layer1.ts";
import type { Scene } from "./scene.ts";

/** More new names of one request are not asked about: what is not known counts as found. */
const ASKED_MAX = 8;

/**
 * The scene, with what DNS says of the names that the guards want to know the addresses of. A
 * promise only where something outside of this process has to be asked.
 */
export function withNames(
  reading: Reading,
  scene: Scene,
  { inspector, names }: Dependencies,
): Scene | Promise<Scene> {
  if (names === null) return scene;
  const answers = new Map<string, NameAnswer>();
  const waiting: Promise<unknown>[] = [];
  for (const message of reading.messages) {
    const place = placeOf(message, scene);
    for (const name of inspector.hosts(leavesOf(message, reading), place)) {
      if (answers.has(name) || waiting.length >= ASKED_MAX) continue;
      const answer = names.resolve(name);
      if (!(answer instanceof Promise)) answers.set(name, answer);
      else {
        answers.set(name, null);
        waiting.push(answer.then((told) => answers.set(name, told)));
      }
    }
  }
  const known = { ...scene, names: answers };
  return waiting.length === 0 ? known : Promise.all(waiting).then(() => known);
}
