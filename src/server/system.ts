import { randomInt, randomUUID } from "node:crypto";
import { performance } from "node:perf_hooks";
import { setTimeout as delay } from "node:timers/promises";
import type { Clock, Identifiers, Jitter, Telemetry } from "../core/ports.ts";

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
};

export const randomIdentifiers: Identifiers = {
  decisionId: () => randomUUID(),
};

export const systemJitter: Jitter = {
  wait: (maxMs) => delay(randomInt(maxMs + 1)),
};

/** Where nobody measures. */
export const silentTelemetry: Telemetry = {
  decided() {},
  found() {},
  phase() {},
  exchange() {},
  limited() {},
};
