/**
 * One half of the pair of `bench/audit.ts --end-to-end`: the pipeline of the other benchmarks behind
 * a real gRPC server, with a signed log file, or with `off` without any event at all.
 *
 *   node bench/logged-service.ts SOCKET LOGFILE|off
 */

import { generateKeys } from "../src/audit/signing.ts";
import { createPipeline } from "./pipeline.ts";
import { serveOn } from "./serve-on.ts";
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
// A whole log is left.
await serveOn(socket, firewall, async () => sink?.close());
