import type { Suite } from "./suite.ts";

/** A run of a suite, against a target that has what its scenarios call. */
export interface Run extends Suite {
  readonly target: "sdk-1" | "sdk-2";
  /** How many checks it decides; fewer are a suite that did not run. */
  readonly checks: number;
  /**
   * What does not pass direct either. A change of these lists is a change of a target or of a
   * suite, never of Impedance.
   */
  readonly unpassed: readonly string[];
}

export const RUNS: readonly Run[] = [
  {
    package: "conformance-0.1",
    arguments: ["--suite", "all"],
    target: "sdk-1",
    checks: 46,
    // The scenario says that it speaks 2025-03-26, which has no events without data.
    unpassed: [
      "server-sse-polling / server-sse-priming-event / ServerSendsPrimingEvent: WARNING",
      "server-sse-polling / server-sse-retry-field / ServerSendsRetryField: WARNING",
    ],
  },
  {
    package: "conformance-0.2",
    arguments: ["--requirements", "2025-11-25"],
    target: "sdk-1",
    checks: 84,
    unpassed: [],
  },
  {
    package: "conformance-0.2",
    arguments: ["--requirements", "2025-11-25"],
    target: "sdk-2",
    checks: 84,
    unpassed: [],
  },
  {
    package: "conformance-0.2",
    arguments: ["--requirements", "2026-07-28"],
    target: "sdk-2",
    checks: 197,
    // The suite leaves it out for every server.
    unpassed: [
      "tasks-status-notifications / tasks-status-notifications / TasksStatusNotificationsScenario: SKIPPED",
    ],
  },
];
