import { Counter, Gauge, type Registry } from "prom-client";
import { POSTURE_STATES, type PostureCheck } from "../core/posture.ts";

/** What is known of this host, and how it changes. Names of checks are the configuration's. */
export interface PostureMetrics {
  /** Asked with each reading. */
  postureChecks(read: () => readonly PostureCheck[]): void;
  postureChanged(check: string): void;
  /** The source was asked. */
  postureFetched(outcome: "taken" | "refused"): void;
  /** Asked with each reading: since when what the source said was signed; null where nothing holds. */
  postureAge(ageMs: () => number | null): void;
}

export function createPostureMetrics(registry: Registry): PostureMetrics {
  const registers = [registry];
  let checks: () => readonly PostureCheck[] = () => [];
  new Gauge({
    name: "impedance_posture_state",
    help: "1 for the state that a check of the host is in, 0 for the others.",
    labelNames: ["check", "state"],
    registers,
    collect() {
      for (const { group, name, state } of checks()) {
        for (const one of POSTURE_STATES) {
          this.labels(`${group}.${name}`, one).set(one === state ? 1 : 0);
        }
      }
    },
  });
  const changes = new Counter({
    name: "impedance_posture_changes_total",
    help: "How often a check of the host came to another state, or a file to another hash.",
    labelNames: ["check"],
    registers,
  });
  const fetches = new Counter({
    name: "impedance_posture_fetches_total",
    help: "Questions to the posture source, by whether its answer was taken.",
    labelNames: ["outcome"],
    registers,
  });
  return {
    postureChecks: (read) => {
      checks = read;
    },
    postureChanged: (check) => changes.labels(check).inc(),
    postureFetched: (outcome) => fetches.labels(outcome).inc(),
    postureAge: (ageMs) => addAge(registry, ageMs),
  };
}

function addAge(registry: Registry, ageMs: () => number | null): void {
  new Gauge({
    name: "impedance_posture_source_age_seconds",
    help: "Since what the posture source said last was signed; NaN while nothing of it holds.",
    registers: [registry],
    collect() {
      this.set((ageMs() ?? Number.NaN) / 1_000);
    },
  });
}
