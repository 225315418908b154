/**
 * The wire alone: the gRPC server of `impedance serve` with a firewall behind it that reads
 * nothing, judges nothing and records nothing. What is left is what Envoy, HTTP/2, gRPC, protobuf
 * and the protocol of the exchange cost; a benchmark compares the firewall with it.
 *
 *   node bench/wire-service.ts SOCKET
 */

import type { Exchange, Forward, Verdict } from "../src/core/exchange.ts";
import { DEFAULT_LIMITS } from "../src/core/limits.ts";
import { serveOn } from "./serve-on.ts";

const [socket = ""] = process.argv.slice(2);
const NO_CHANGE = { set: [], remove: [] };

await serveOn(socket, { open: passThrough });

function passThrough(): Exchange {
  const { requestBodyMaxBytes, responseBodyMaxBytes, responseHeadDeadlineMs } = DEFAULT_LIMITS;
  return {
    requestHead: async () => ({
      ...{ kind: "collect", maxBytes: requestBodyMaxBytes, responseHeadDeadlineMs },
    }),
    request: async (body) => forward(body),
    responseHead: ({ headers }) =>
      headers.get("content-type") === "text/event-stream"
        ? { kind: "stream", headers: NO_CHANGE, listening: true, heartbeat: Buffer.from(":\n\n") }
        : { kind: "collect", maxBytes: responseBodyMaxBytes },
    hold: async () => undefined,
    response: async (body) => forward(body),
    streamChunk: async (bytes, end) => ({ bytes, end }),
    abort: refuseToAbort,
    abortStream: refuseToAbort,
    lapsed: () => null,
    close: () => undefined,
  };
}

function forward(body: Uint8Array): Verdict {
  const passed: Forward = {
    ...{ kind: "forward", body, headers: NO_CHANGE, metadata: null },
    ...{ isEdited: false, answerDeadlineMs: null },
  };
  return passed;
}

function refuseToAbort(cause: string): never {
  throw new Error(`an exchange was given up: ${cause}`);
}
