import { Counter, Gauge, type Registry } from "prom-client";

/** How long our own certificates last, what became of new ones, and who was turned away. */
export interface CertificateMetrics {
  /** Asked with each reading: milliseconds that are left, less than none once it has ended. */
  certificateExpiry(name: string, leftMs: () => number): void;
  certificateReloaded(name: string, outcome: "loaded" | "refused"): void;
  /** A peer of the gRPC port whose certificate is genuine, but not of those that may call. */
  peerRefused(): void;
  /** A request to the admin port was turned away. */
  adminRefused(reason: "host" | "origin" | "token"): void;
}

export function createCertificateMetrics(registry: Registry): CertificateMetrics {
  const registers = [registry];
  const ends = new Map<string, () => number>();
  new Gauge({
    name: "impedance_certificate_expires_seconds",
    help: "Time until a certificate of our own ends; below 0 once it has.",
    aggregator: "min",
    labelNames: ["name"],
    registers,
    collect() {
      for (const [name, leftMs] of ends) this.labels(name).set(leftMs() / 1_000);
    },
  });
  const reloads = new Counter({
    name: "impedance_certificate_reloads_total",
    help: "Certificates found while running: shown from then on, or refused as they cannot be.",
    labelNames: ["name", "outcome"],
    registers,
  });
  const peers = new Counter({
    name: "impedance_grpc_peers_refused_total",
    help: "Calls of the gRPC port by a peer that may not call.",
    registers,
  });
  const visitors = new Counter({
    name: "impedance_admin_refused_total",
    help: "Requests that the admin port turned away.",
    labelNames: ["reason"],
    registers,
  });
  return {
    certificateExpiry: (name, leftMs) => void ends.set(name, leftMs),
    certificateReloaded: (name, outcome) => reloads.labels(name, outcome).inc(),
    peerRefused: () => peers.inc(),
    adminRefused: (reason) => visitors.labels(reason).inc(),
  };
}
