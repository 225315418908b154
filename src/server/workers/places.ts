import { basename, dirname, extname, join } from "node:path";
import type { AuditConfig, Config } from "../../config/config.ts";
import type { Address, Endpoint } from "../../core/address.ts";
import { err, ok, type Result } from "../../core/result.ts";

const PORT_MAX = 65_535;

/**
 * Where each worker listens: `unix:/run/x.sock` becomes `/run/x.0.sock`, `/run/x.1.sock`, …; of a
 * port it is that one and those that follow, without the admin port. One worker has the address itself.
 */
export function workerEndpoints(
  { grpc, admin }: { readonly grpc: Endpoint; readonly admin: Address },
  count: number,
): Result<readonly Endpoint[], string> {
  const slots = Array.from({ length: count }, (_, slot) => slot);
  if (count === 1) return ok([grpc]);
  if (grpc.kind === "unix") {
    const extension = extname(grpc.path);
    const stem = join(dirname(grpc.path), basename(grpc.path, extension));
    return ok(slots.map((slot) => ({ kind: "unix", path: `${stem}.${slot}${extension}` })));
  }
  if (grpc.port === 0) {
    return err("grpc: with port 0 no proxy would find several workers; name a port");
  }
  const ports: number[] = [];
  for (let port = grpc.port; ports.length < count; port += 1)
    if (port !== admin.port) ports.push(port);
  if (ports.some((port) => port > PORT_MAX)) {
    return err(`grpc: there are no ${count} ports from ${grpc.port} on`);
  }
  return ok(ports.map((port) => ({ ...grpc, port })));
}

/**
 * A log has one writer: lane 0 of `decisions.jsonl` is `decisions.w0.jsonl`, with files of its own
 * for the head, the fallbacks and all that stands beside it. A stream needs no more than its run.
 */
export function auditOfLane(audit: AuditConfig, lane: number): AuditConfig {
  return {
    ...audit,
    file: audit.file === null ? null : laneFile(audit.file, lane),
    headFile: audit.headFile === null ? null : laneFile(audit.headFile, lane),
    fallbackFiles: audit.fallbackFiles.map((file) => laneFile(file, lane)),
  };
}

/** The configuration of one worker. */
export function configOfWorker(config: Config, grpc: Endpoint, lane: number): Config {
  return { ...config, grpc, audit: auditOfLane(config.audit, lane) };
}

function laneFile(path: string, lane: number): string {
  const extension = extname(path);
  return join(dirname(path), `${basename(path, extension)}.w${lane}${extension}`);
}
