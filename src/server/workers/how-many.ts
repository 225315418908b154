import { availableParallelism } from "node:os";
import type { Config } from "../../config/config.ts";
import { err, ok, type Result } from "../../core/result.ts";
import { eachHasForItself, needsOneMemory } from "./one-memory.ts";

export interface WorkerCount {
  readonly count: number;
  /** Where nobody said how many and it is one in spite of several cores: why. */
  readonly because: readonly string[];
}

/**
 * How many workers there are to be: as many as were asked for, or everything that stands against
 * so many; without a word as many as there are cores where they decide as one would, and one
 * elsewhere: more of them are asked for by name.
 */
export function howManyWorkers(
  config: Config,
  cores: number = availableParallelism(),
): Result<WorkerCount, readonly string[]> {
  const asked = config.workers.count;
  if (asked === 1 || (asked === null && cores === 1)) return ok({ count: 1, because: [] });
  const against = [...needsOneMemory(config)];
  if (asked !== null) {
    return against.length === 0 ? ok({ count: asked, because: [] }) : err(against);
  }
  against.push(...eachHasForItself(config));
  const { grpc } = config;
  // Whoever has wired Envoy to one address must be asked before it becomes several.
  if (grpc.kind === "unix") against.push("grpc is a Unix socket: several have other names");
  else if (grpc.port === 0) against.push("grpc has port 0: nobody would find several");
  return ok({ count: against.length === 0 ? cores : 1, because: against });
}
