import { describe, expect, test } from "vitest";

import type { Firewall } from "../../../src/core/exchange.ts";
import { createCheck } from "../../../src/envoy/ext-authz.ts";
import { GRPC } from "../../../src/envoy/grpc-status.ts";
import type { CheckRequest, CheckResponse } from "../../../src/envoy/protocol.ts";
import { createDataPath, JSON_POST } from "../../golden/data-path.ts";
import { SECRET, toolCall } from "../../support/messages.ts";

interface Http {
  readonly method?: string;
  readonly headers?: { readonly [name: string]: string };
  readonly body?: string;
}

/** Asks as Envoy does, with `pack_as_bytes`. */
function check(
  firewall: Firewall,
  { method = "POST", headers = JSON_POST, body = "" }: Http,
  write = (answers: CheckResponse[], answer: CheckResponse) => answers.push(answer) > 0,
) {
  const raw_body = Buffer.from(body);
  const request: CheckRequest = {
    attributes: {
      request: { http: { id: "r-1", method, path: "/mcp", headers, raw_body } },
      context_extensions: { server: "files" },
    },
  };
  const faults: unknown[] = [];
  const handle = createCheck(firewall, (error) => faults.push(error));
  return new Promise<Checked>((resolve) => {
    const response: CheckResponse[] = [];
    handle({
      metadata: () => undefined,
      listen(listener) {
        listener.onMessage(request);
        listener.onHalfClose();
      },
      write: ([answer]) => answer !== undefined && write(response, answer),
      vouch: () => undefined,
      end: () => resolve({ error: null, response: response[0] ?? null, faults }),
      fail: (code, details) => resolve({ error: { code, details }, response: null, faults }),
    });
  });
}

interface Checked {
  readonly error: unknown;
  readonly response: CheckResponse | null;
  readonly faults: readonly unknown[];
}

const { firewall } = await createDataPath();
const call = JSON.stringify(toolCall(7));

function handshake(capabilities: object): string {
  const clientInfo = { name: "agent", version: "1" };
  const params = { protocolVersion: "2025-11-25", capabilities, clientInfo };
  return JSON.stringify({ jsonrpc: "2.0", id: 0, method: "initialize", params });
}

describe("Check lets through", () => {
  test.each([
    { title: "a clean call", http: { body: call } },
    {
      title: "its announced length",
      http: { body: call, headers: { ...JSON_POST, "content-length": String(call.length) } },
    },
    {
      title: "a GET that listens",
      http: { method: "GET", headers: { accept: "text/event-stream" } },
    },
    { title: "the end of a session", http: { method: "DELETE", headers: {} } },
    { title: "a handshake that declares nothing", http: { body: handshake({}) } },
    {
      title: "a handshake that declares what nobody withdraws",
      http: { body: handshake({ experimental: {} }) },
    },
  ])("$title", async ({ http }) => {
    const { response } = await check(firewall, http);
    expect(response).toMatchObject({
      status: { code: GRPC.OK },
      ok_response: { headers_to_remove: expect.arrayContaining(["accept-encoding"]) },
    });
    expect(response?.denied_response).toBeUndefined();
  });
});

describe("Check denies", () => {
  test.each([
    {
      title: "what the policy forbids",
      http: { body: JSON.stringify(toolCall(7, {}, "shell")) },
      code: 200,
      reason: "policy_denied",
    },
    {
      title: "what would have to be cleaned",
      http: { body: JSON.stringify(toolCall(7, { text: SECRET })) },
      code: 200,
      reason: "needs_cleaning",
    },
    {
      title: "what Envoy cut off",
      http: { body: call, headers: { ...JSON_POST, "x-envoy-auth-partial-body": "true" } },
      code: 413,
      reason: "request_too_large",
    },
    {
      title: "what came shorter than announced",
      http: { body: "", headers: { ...JSON_POST, "content-length": "10" } },
      code: 413,
      reason: "request_too_large",
    },
    {
      title: "a handshake with a capability that the policy would withdraw, as a whole client",
      http: { body: handshake({ sampling: {} }) },
      code: 403,
      reason: "needs_cleaning",
    },
    { title: "what is no JSON", http: { body: "{" }, code: 400, reason: "parse_error" },
    {
      title: "what its head forbids",
      http: { headers: {} },
      code: 415,
      reason: "unsupported_media_type",
    },
  ])("$title", async ({ http, code, reason }) => {
    const { response } = await check(firewall, http);
    expect(response?.status).toEqual({ code: GRPC.PERMISSION_DENIED });
    expect(response?.ok_response).toBeUndefined();
    expect(response?.denied_response?.status).toEqual({ code });
    expect(response?.denied_response?.body).toContain(reason);
    expect(JSON.stringify(response)).not.toContain(SECRET);
  });

  test("by an error status when something throws", async () => {
    const broken: Firewall = {
      open: () => {
        throw new Error("a bug");
      },
    };
    const { error, response, faults } = await check(broken, { body: call });
    expect(error).toEqual({ code: GRPC.INTERNAL, details: "internal" });
    expect(response).toBeNull();
    expect(faults).toEqual([new Error("a bug")]);
  });

  test("by an error status when its answer cannot be written", async () => {
    const bug = new Error("a bug");
    const { error, faults } = await check(firewall, { body: call }, () => {
      throw bug;
    });
    expect(error).toEqual({ code: GRPC.INTERNAL, details: "internal" });
    expect(faults).toEqual([bug]);
  });
});
