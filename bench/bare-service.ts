/**
 * The same service with guards, padding and policy off: messages are read, held against sessions,
 * catalogue and schemas, allowed by an engine that asks nobody, and put on record in a signed log.
 *
 *   node bench/bare-service.ts SOCKET LOGFILE
 */

import { generateKeys } from "../src/audit/signing.ts";
import { DEFAULT_LIMITS } from "../src/core/limits.ts";
import { ok } from "../src/core/result.ts";
import { startGrpcServer } from "../src/envoy/grpc-server.ts";
import { createPipeline } from "./pipeline.ts";
import { openSignedLog } from "./signed-log.ts";

const ALLOWED = ok({
  allow: true,
  reasons: [],
  shadow: [],
  obligations: {
    ...{ redact: [], remove: [], alias: [], pad: [], headers: {}, approve: null },
    audit: "keys" as const,
  },
});

const [socket = "", log = ""] = process.argv.slice(2);
const sink = openSignedLog(log, generateKeys().privateKey);
const firewall = await createPipeline(
  (real) => {
    const policy = real.policy();
    if (policy === null) throw new Error("the benchmark has a policy");
    const engine = { revision: policy.engine.revision, decide: () => ALLOWED };
    return { ...real, audit: sink, policy: () => ({ ...policy, engine }) };
  },
  { guards: [], padding: "off" },
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
  await sink.close();
  process.exit(0);
});
console.log("ready");
