import { describe, expect, it } from "vitest";
import {
  fitModel,
  forecast,
  predictCalls,
  type ScalingModel,
  type ScalingRound,
} from "../../../bench/scaling-model.ts";

const ROUND: ScalingRound = {
  ...{ workers: 1, has_redis: false, calls_per_second: 900, p50_ms: 1, p99_ms: 2 },
  cpu_us: { service: 1_000, envoy: 200, rest: 300, redis: null },
  ...{ redis_commands: null, log_bytes: 500, rss_mib: 128 },
};
const MODEL: ScalingModel = {
  ...{ workerUs: 1_000, envoyUs: 200, restUs: 300, busy: 0.9, logBytes: 500, workerMib: 128 },
  redis: null,
};

describe("the model of scaling", () => {
  it("is taken from one worker alone, and from the middle of its rounds", () => {
    const others = [
      { ...ROUND, workers: 2, calls_per_second: 7 },
      { ...ROUND, calls_per_second: 1 },
      { ...ROUND, calls_per_second: 1_200 },
    ];
    expect(fitModel([ROUND, ...others])).toEqual(MODEL);
    expect(fitModel([{ ...ROUND, workers: 2 }])).toBeNull();
  });

  it("knows what a limit in Redis takes, where one was measured", () => {
    const cpu_us = { ...ROUND.cpu_us, service: 1_100, redis: 20 };
    const counted = { ...ROUND, has_redis: true, redis_commands: 1, cpu_us };
    expect(fitModel([ROUND, counted])?.redis).toEqual({ commands: 1, us: 20, workerUs: 1_100 });
  });

  it.each([
    { title: "workers with cores enough", workers: 4, cores: 64, calls: 3_600 },
    { title: "a machine without", workers: 4, cores: 3, calls: 2_000 },
  ])("is bounded by $title", ({ workers, cores, calls }) => {
    expect(predictCalls(MODEL, { workers, cores })).toBeCloseTo(calls);
  });

  it("says what many replicas need", () => {
    const redis = { commands: 2, us: 20, workerUs: 1_100 };
    const model = { ...MODEL, redis };
    expect(forecast(model, { replicas: 10, workers: 4, load: 0.5 })).toEqual({
      ...{ callsPerSecond: 20_000, workerCores: 40, envoyCores: 4, memoryGib: 5 },
      ...{ logMbPerSecond: 10, redisPerSecond: 40_000, redisCores: 0.4 },
    });
  });
});
