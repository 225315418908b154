import { Counter, type Registry } from "prom-client";

import type { AuthTelemetry } from "../core/identity.ts";

/** Counts who was let in and who was not. Methods and codes are closed sets: no label needs a bound. */
export function createAuthMetrics(registry: Registry): AuthTelemetry {
  const attempts = new Counter({
    name: "impedance_auth_total",
    help: "Requests that were let in or refused for who made them; the code says why.",
    labelNames: ["outcome", "method", "code"],
    registers: [registry],
  });
  return {
    accepted: ({ method }) => attempts.labels("accepted", method, "").inc(),
    refused: ({ method }, code) => attempts.labels("refused", method, code).inc(),
  };
}
