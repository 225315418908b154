/** In any processing mode but ours some bytes would pass unread: such an Envoy gets no answer. */

import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { Bootstrap } from "../../../src/cli/envoy/configuration.ts";
import { openCall } from "../../support/client.ts";
import {
  canary,
  endingOf,
  type FaultyGateway,
  startFaultyGateway,
  toolCall,
  toolResult,
  UNAVAILABLE,
} from "../../support/faulty-firewall.ts";
import { startGateway } from "../../support/gateway.ts";
import { waitFor } from "../../support/wait.ts";

interface FilterConfig {
  processing_mode: { [name: string]: string };
  [name: string]: unknown;
}

const NO_TRAILERS = { request_trailer_mode: "SKIP", response_trailer_mode: "SKIP" };

/** Ways to configure the filter wrongly that Envoy itself accepts. */
const OTHER_MODES: readonly { readonly title: string; readonly change: Partial<FilterConfig> }[] = [
  mode("buffered bodies", { request_body_mode: "BUFFERED", response_body_mode: "BUFFERED" }),
  mode("a buffered request", { request_body_mode: "BUFFERED" }),
  mode("a buffered response", { response_body_mode: "BUFFERED" }),
  mode("partly buffered bodies", {
    request_body_mode: "BUFFERED_PARTIAL",
    response_body_mode: "BUFFERED_PARTIAL",
  }),
  mode("streamed bodies", { request_body_mode: "STREAMED", response_body_mode: "STREAMED" }),
  mode("no bodies", { request_body_mode: "NONE", response_body_mode: "NONE" }),
  mode("no request body", { request_body_mode: "NONE" }),
  mode("no response body", { response_body_mode: "NONE" }),
  mode("no request head", { request_header_mode: "SKIP" }),
];

let faulty: FaultyGateway;

beforeAll(async () => {
  faulty = await startFaultyGateway();
});

afterAll(() => faulty[Symbol.asyncDispose]());

afterEach(() => faulty.service.clear());

describe("an Envoy that is configured for", () => {
  test.each(OTHER_MODES)("$title is refused, and nothing passes", async ({ change }) => {
    await using gateway = await gatewayWith(change);
    const { ending, question, answer } = await callThrough(gateway);
    expect(ending.status).toBe(503);
    expect(ending.json()).toMatchObject(UNAVAILABLE);
    expect(faulty.upstream.seen().includes(question)).toBe(false);
    expect(ending.received).not.toContain(answer);
    await waitFor("the complaint", () => faulty.service.faults.length > 0);
  });

  test("no response head gets no body through", async () => {
    await using gateway = await gatewayWith(mode("", { response_header_mode: "SKIP" }).change);
    const { ending, answer } = await callThrough(gateway);
    expect(ending.received).not.toContain(answer);
    await waitFor("the complaint", () => faulty.service.faults.length > 0);
  });

  test("no request head forwards no request without a body either, unless nobody is asked", async () => {
    await using gateway = await gatewayWith(mode("", { request_header_mode: "SKIP" }).change);
    const answer = canary();
    faulty.handler = (exchange) => exchange.reply(200, { "content-type": "text/plain" }, answer);
    const ending = await endingOf(openCall(gateway, { path: "/mcp", method: "DELETE" }));
    expect(ending.status).toBe(503);
    expect(ending.received).not.toContain(answer);
  });

  test("watching only is refused, and counted as a fault", async () => {
    // Envoy waits for nobody in this mode: no answer of ours could stop what passes.
    await using gateway = await gatewayWith({
      ...mode("", { request_body_mode: "STREAMED", response_body_mode: "STREAMED" }).change,
      observability_mode: true,
    });
    await callThrough(gateway);
    const complained = () => faulty.service.faults.find(({ code }) => code === "processing_mode");
    await waitFor("the complaint", complained);
  });

  test("our own mode passes", async () => {
    await using gateway = await gatewayWith({});
    const { ending, question, answer } = await callThrough(gateway);
    expect(ending.status).toBe(200);
    expect(ending.received).toContain(answer);
    expect(faulty.upstream.seen().includes(question)).toBe(true);
    expect(faulty.service.faults).toEqual([]);
  });
});

function mode(title: string, different: { readonly [name: string]: string }) {
  return { title, change: { processing_mode: { ...NO_TRAILERS, ...different } } };
}

function gatewayWith(change: Partial<FilterConfig>) {
  return startGateway({
    upstreams: [{ id: "files", url: faulty.upstream.url }],
    service: faulty.service,
    override: (configuration: Bootstrap) => {
      const [listener] = configuration.static_resources.listeners;
      const { http_filters } = listener.filter_chains[0].filters[0].typed_config;
      const filter = http_filters.find(({ name }) => name.endsWith("ext_proc"));
      const config = (filter as unknown as { typed_config: FilterConfig }).typed_config;
      const processingMode = { ...config.processing_mode, ...change.processing_mode };
      Object.assign(config, change, { processing_mode: processingMode });
      const fullDuplex = Object.values(processingMode).includes("FULL_DUPLEX_STREAMED");
      // Envoy takes FULL_DUPLEX_STREAMED only with the trailers of the same side.
      for (const side of fullDuplex ? ["request", "response"] : []) {
        if (processingMode[`${side}_body_mode`] === "FULL_DUPLEX_STREAMED") {
          processingMode[`${side}_trailer_mode`] = "SEND";
        }
      }
    },
  });
}

async function callThrough(gateway: Parameters<typeof openCall>[0]) {
  const [question, answer] = [canary(), canary()];
  faulty.handler = (exchange) => exchange.json(toolResult(answer));
  const ending = await endingOf(openCall(gateway, { path: "/mcp", body: toolCall(question) }));
  return { ending, question, answer };
}
