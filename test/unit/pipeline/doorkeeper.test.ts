import { describe, expect, test } from "vitest";
import { defaultConfig } from "../../../src/config/load-config.ts";
import { createDoorkeeper } from "../../../src/pipeline/doorkeeper.ts";
import { createDataPath, headOf, JSON_POST } from "../../golden/data-path.ts";

const config = defaultConfig({});
const ORIGINS = config.ok ? config.value.allowedOrigins : [];

function refusal(headers: { readonly [name: string]: string }, hosts: readonly string[] | null) {
  const doorkeeper = createDoorkeeper({ hosts, origins: ORIGINS });
  return doorkeeper.refusal(new Map(Object.entries(headers)));
}

describe("hosts", () => {
  const hosts = ["localhost", "127.0.0.1", "[::1]", "*.example.com", "mcp.internal:8443"];

  test.each([
    "localhost",
    "LOCALHOST:8070",
    "127.0.0.1:9000",
    "[::1]:8070",
    "[::1]",
    "a.example.com:1",
    "mcp.internal:8443",
  ])("%s is one of ours", (host) => {
    expect(refusal({ ":authority": host }, hosts)).toBe(null);
    expect(refusal({ host }, hosts)).toBe(null);
  });

  test.each([
    "evil.example",
    "evil.example:8070",
    "localhost.evil.example",
    "127.0.0.1.evil.example:80",
    "mcp.internal",
    "mcp.internal:8444",
    "evil.example, localhost",
    "evil.example/a.example.com",
    "",
  ])("%s is not", (host) => {
    expect(refusal({ ":authority": host }, hosts)).toBe("host_refused");
  });

  test("a request without a host is not addressed to us", () => {
    expect(refusal({}, hosts)).toBe("host_refused");
  });

  test("what the proxy says goes before what a header says", () => {
    expect(refusal({ ":authority": "evil.example", host: "localhost" }, hosts)).toBe(
      "host_refused",
    );
  });

  test("without a list every host is as good as another", () => {
    expect(refusal({ ":authority": "evil.example" }, null)).toBe(null);
    expect(refusal({}, null)).toBe(null);
  });
});

describe("origins", () => {
  test.each(["http://localhost:6274", "https://127.0.0.1", "http://[::1]:3000"])(
    "%s may call unless told otherwise",
    (origin) => {
      expect(refusal({ origin }, null)).toBe(null);
    },
  );

  test.each([
    "https://evil.example",
    "null",
    "http://localhost.evil.example",
    "http://localhost:80, https://evil.example",
    "localhost",
    "",
  ])("%s may not", (origin) => {
    expect(refusal({ origin }, null)).toBe("origin_refused");
  });

  test("what is no browser sends none, and passes", () => {
    expect(refusal({}, null)).toBe(null);
  });

  test("any origin may call where the configuration says so", () => {
    const doorkeeper = createDoorkeeper({ hosts: null, origins: ["*"] });
    expect(doorkeeper.refusal(new Map([["origin", "https://a.example"]]))).toBe(null);
  });
});

describe("the door comes before everything else", () => {
  test.each([
    { method: "POST", headers: { ...JSON_POST } },
    { method: "GET", headers: { accept: "text/event-stream" } },
    { method: "OPTIONS", headers: { "access-control-request-method": "POST" } },
  ])("for $method: 403 with a JSON-RPC body, and on record", async ({ method, headers }) => {
    const path = await createDataPath();
    const origin = "https://evil.example";
    const head = headOf({ method, headers: { ...headers, origin }, server: null });
    const verdict = await path.firewall.open(head).requestHead();
    if (verdict.kind !== "deny") throw new Error("it came in");
    expect(verdict.denial.status).toBe(403);
    expect(JSON.parse(Buffer.from(verdict.denial.body).toString("utf8"))).toMatchObject({
      jsonrpc: "2.0",
      id: null,
      error: { code: -31901, data: { code: "origin_refused" } },
    });
    const [decision] = path.decisions;
    expect(decision?.result.reasons.map(({ code }) => code)).toEqual(["origin_refused"]);
    expect(JSON.stringify(path.decisions)).not.toContain("evil.example");
  });
});
