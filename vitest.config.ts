/**
 * One run for every tier: unit tests and real-Envoy end to end tests alike. Files run in two
 * processes, because an end to end test brings an Envoy and a service of its own along.
 */

import { defineConfig } from "vitest/config";
import { DEADLINE_MS } from "./test/support/wait.ts";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    // Whatever any of them writes is looked through for what must not be in it.
    globalSetup: ["test/support/watch/check.ts"],
    setupFiles: ["test/support/watch/watch.ts"],
    pool: "forks",
    maxWorkers: 2,
    // What many files import is loaded once, which takes a third off the time. No test changes what
    // another one reads (`--sequence.shuffle.files` would tell).
    isolate: false,
    // For what hangs. A machine that has much else to do is slow, and not wrong.
    testTimeout: 90_000,
    expect: { poll: { timeout: DEADLINE_MS } },
    hookTimeout: 120_000,
    coverage: { provider: "v8", include: ["src/**/*.ts"], reporter: ["text", "html"] },
  },
});
