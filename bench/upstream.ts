/**
 * The MCP server of the benchmarks, as a process of its own: answers every POST with the same
 * bytes, so that what is measured is the way there and back.
 */

import { readFileSync } from "node:fs";
import { createServer } from "node:http";

const { BENCH_RESPONSE = "{}", BENCH_RESPONSE_FILE } = process.env;
const body =
  BENCH_RESPONSE_FILE === undefined
    ? Buffer.from(BENCH_RESPONSE)
    : readFileSync(BENCH_RESPONSE_FILE);
const head = { "content-type": "application/json", "content-length": body.length };

const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
  request.resume();
  request.once("end", () => {
    response.writeHead(200, head);
    response.end(body);
  });
});

server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  console.log(typeof address === "object" && address !== null ? address.port : "no port");
});
// Ends with whoever started it.
process.stdin.resume().once("end", () => process.exit(0));
