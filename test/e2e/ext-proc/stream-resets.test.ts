import { Agent, request as httpRequest } from "node:http";
import { expect, test } from "vitest";

import { withLastingConnections } from "../../support/envoys.ts";
import { type Gateway, startGateway } from "../../support/gateway.ts";
import { JSON_HEADERS, toolCall, toolResult } from "../../support/messages.ts";
import { startTestService } from "../../support/service.ts";
import { startUpstream } from "../../support/upstream.ts";

/** Clients that call at the same time, each on a connection of its own. */
const CLIENTS = 12;

const BODY = JSON.stringify(toolCall(1));
const RESULT = JSON.stringify(toolResult(1, "done"));

/** Envoy resets each ext_proc stream at its end, unless a runtime flag says otherwise. */
test.each([
  { title: "with", gracefulClose: true, calls: 3_000 },
  { title: "without", gracefulClose: false, calls: 10_000 },
])(
  "$calls calls pass on one connection to the service, $title Envoy's graceful close",
  async ({ gracefulClose, calls }) => {
    const outcome = await callThrough(gracefulClose, calls);
    expect(outcome).toEqual({ passed: calls, failures: [], connections: 1, open: 0, faults: [] });
  },
  120_000,
);

/** Sends so many calls through an Envoy of one worker. */
async function callThrough(gracefulClose: boolean, calls: number) {
  await using upstream = await startUpstream((exchange) =>
    exchange.reply(200, { "content-type": "application/json" }, RESULT),
  );
  // On a busy machine a pause may fall into an evaluation; that is no matter of connections.
  const limits = { policyBudgetMs: 10_000, guardBudgetMs: 10_000 };
  await using service = await startTestService({ limits });
  await using gateway = await startGateway({
    upstreams: [{ id: "files", url: upstream.url }],
    service,
    gracefulClose,
    concurrency: 1,
    override: withLastingConnections,
  });
  const tally = await callAgainAndAgain(gateway, calls);
  await service.idle();
  return {
    ...tally,
    connections: await gateway.stat("cluster.impedance.upstream_cx_total"),
    open: service.grpc.openStreams,
    faults: service.faults,
  };
}

async function callAgainAndAgain(gateway: Gateway, calls: number) {
  const agent = new Agent({ keepAlive: true, maxSockets: CLIENTS });
  const failures: string[] = [];
  let passed = 0;
  let begun = 0;
  const client = async (): Promise<void> => {
    while (begun < calls) {
      begun += 1;
      const answer = await post(gateway, agent);
      if (answer === `200 ${RESULT}`) passed += 1;
      else failures.push(answer);
    }
  };
  await Promise.all(Array.from({ length: CLIENTS }, client));
  agent.destroy();
  return { passed, failures };
}

/** Status and body, or how the call failed. */
function post({ host, port }: Gateway, agent: Agent): Promise<string> {
  const headers = { ...JSON_HEADERS, "content-length": BODY.length };
  return new Promise((resolve) => {
    const request = httpRequest({ host, port, agent, method: "POST", path: "/mcp", headers });
    request.on("error", ({ message }) => resolve(message));
    request.on("response", (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => {
        text += chunk;
      });
      response.on("error", ({ message }) => resolve(message));
      response.on("end", () => resolve(`${response.statusCode} ${text}`));
    });
    request.end(BODY);
  });
}
