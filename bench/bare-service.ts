/**
 * The same service with guards, padding and policy off: messages are read, held against sessions,
 * catalogue and schemas, allowed by an engine that asks nobody, and put on record in a signed log.
 *
 *   node bench/bare-service.ts SOCKET LOGFILE
 */

import { generateKeys } from "../src/audit/signing.ts";
import { ok } from "../src/core/result.ts";
import { createPipeline } from "./pipeline.ts";
import { serveOn } from "./serve-on.ts";
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
// A whole log is left.
await serveOn(socket, firewall, () => sink.close());
