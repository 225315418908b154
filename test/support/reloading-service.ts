import type { ManagedAuditSink } from "../../src/audit/sink.ts";
import { defaultConfig } from "../../src/config/load-config.ts";
import { type Service, type ServiceOptions, startService } from "../../src/server/service.ts";
import { createLogger } from "../../src/telemetry/log.ts";

/** What a test hears of the log in place of a file. */
export interface Heard {
  readonly note?: ManagedAuditSink["note"];
  readonly account?: ManagedAuditSink["account"];
  readonly onDecision?: NonNullable<ServiceOptions["onDecision"]>;
}

/** As `impedance serve` does, on free ports, following the policy in `file` every 10 ms. */
export async function startReloadingService(file: string, heard: Heard): Promise<Service> {
  const config = defaultConfig({});
  if (!config.ok) throw new Error("the defaults are a configuration");
  const { note = () => true, account = () => true, onDecision } = heard;
  const anywhere = { host: "127.0.0.1", port: 0 };
  const service = await startService({
    config: {
      ...config.value,
      policy: { ...config.value.policy, file, pollIntervalMs: 10 },
      padding: { scheme: { kind: "off" }, jitterMaxMs: 0 },
      grpc: { kind: "tcp", ...anywhere },
      admin: anywhere,
    },
    log: createLogger({ level: "fatal" }),
    sink: {
      record: () => true,
      recordLater: () => true,
      omit: () => true,
      note,
      account,
      before: { policy: null, config: null },
      healthy: true,
      settled: async () => true,
      close: async () => true,
    },
    ...(onDecision === undefined ? {} : { onDecision }),
  });
  if (!service.ok) throw new Error(service.error.errors.join("\n"));
  return service.value;
}
