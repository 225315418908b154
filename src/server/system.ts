import { randomUUID } from "node:crypto";
import { performance } from "node:perf_hooks";
import type { Clock, Identifiers } from "../core/ports.ts";

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
};

export const randomIdentifiers: Identifiers = {
  decisionId: () => randomUUID(),
};
