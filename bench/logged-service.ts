/**
 * One half of the pair of `bench/audit.ts --end-to-end`: the pipeline of the other benchmarks behind
 * a real gRPC server, with a signed log file, or with `off` without any event at all.
 *
 *   node bench/logged-service.ts SOCKET LOGFILE|off
 */

import { generateKeys } from "../src/audit/signing.ts";
import { DEFAULT_LIMITS } from "../src/core/limits.ts";
import { startGrpcServer } from "../src/envoy/grpc-server.ts";
import { createPipeline } from "./pipeline.ts";
import { openSignedLog } from "./signed-log.ts";

const NO_EVENT = Object.freeze({}) as never;
const [socket = "", log = "off"] = process.argv.slice(2);

const sink = log === "off" ? null : openSignedLog(log, generateKeys().privateKey);
const firewall = await createPipeline((real) =>
  sink === null
    ? {
        ...real,
        events: { ...real.events, build: () => NO_EVENT },
        audit: { record: () => true, omit: () => true },
      }
    : { ...real, audit: sink },
);
const server = await startGrpcServer({
  firewall,
  limits: DEFAULT_LIMITS,
  address: `unix:${socket}`,
  ready: () => true,
  onFault: (code) => {
    throw new Error(`an exchange failed: ${code}`);
  },
});
// Ends with whoever started it, and leaves a whole log.
process.stdin.resume().once("end", async () => {
  server.close();
  await sink?.close();
  process.exit(0);
});
console.log("ready");
