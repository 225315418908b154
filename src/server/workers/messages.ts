import type { MetricsSnapshot } from "../../telemetry/metrics.ts";
import type { ServiceHealth, StartFailure } from "../service.ts";

/** What the supervisor tells a worker. */
export type Order =
  /** Are you there? */
  | { readonly kind: "ping" }
  | { readonly kind: "measure"; readonly ask: number }
  /** Another worker has taken your address. */
  | { readonly kind: "hand_over" }
  | { readonly kind: "stop" };

/** What a worker tells the supervisor. No part of any message of a caller is ever in it. */
export type Report =
  | { readonly kind: "ready"; readonly port: number; readonly health: ServiceHealth }
  | { readonly kind: "refused"; readonly failure: StartFailure }
  | { readonly kind: "alive"; readonly health: ServiceHealth }
  | { readonly kind: "measured"; readonly ask: number; readonly snapshot: MetricsSnapshot }
  | { readonly kind: "left"; readonly isLogWhole: boolean; readonly snapshot: MetricsSnapshot };

/** Both ends are of one version: what has a kind is one of ours. */
export function isMessage(value: unknown): value is { readonly kind: string } {
  return typeof value === "object" && value !== null && "kind" in value;
}
