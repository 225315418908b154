import { describe, expect, test } from "vitest";
import { formatConfigError } from "../../../src/config/config-error.ts";
import { defaultConfig, loadConfig } from "../../../src/config/load-config.ts";

const ENVIRONMENT = { TOKEN: "t".repeat(20), KEY: "k".repeat(20), SPACED: "a token of words" };
const URL_LINE = "url: https://collector.example:4318";

function load(entry: string, environment: { readonly [name: string]: string } = {}) {
  const text = `telemetry:\n  otlp: { ${entry} }\n`;
  return loadConfig(text, "/etc/impedance/impedance.yaml", { ...ENVIRONMENT, ...environment });
}

test("nothing is sent unless told", () => {
  const config = defaultConfig({});
  expect(config.ok && config.value.otlp).toBeNull();
});

test("a collector has an address and defaults", () => {
  const config = load("url: http://127.0.0.1:4318/");
  expect(config.ok && config.value.otlp).toEqual({
    tracesUrl: "http://127.0.0.1:4318/v1/traces",
    metricsUrl: "http://127.0.0.1:4318/v1/metrics",
    token: null,
    caFile: null,
    certificate: null,
    traces: true,
    rootShare: 1,
    metrics: false,
    metricsIntervalMs: 60_000,
    batchMaxMs: 1_000,
    bufferMaxExchanges: 2_048,
    deadlineMs: 10_000,
  });
});

test("its files are those of the folder, nobody's to read through the firewall, and its secrets none's", () => {
  const tls = "ca_file: ca.pem, cert_file: own.pem, key: env:KEY";
  const config = load(`${URL_LINE}, ${tls}, token: env:TOKEN`);
  if (!config.ok) throw new Error(JSON.stringify(config.error));
  expect(config.value.otlp).toMatchObject({
    caFile: "/etc/impedance/ca.pem",
    certificate: { file: "/etc/impedance/own.pem", key: { reference: "env:KEY" } },
    token: { reference: "env:TOKEN" },
  });
  expect(config.value.ownPaths).toEqual(
    expect.arrayContaining(["/etc/impedance/ca.pem", "/etc/impedance/own.pem"]),
  );
  expect(JSON.stringify(config.value.otlp)).not.toContain("tttt");
});

test("a variable overrides its settings, a fraction included", () => {
  const config = load(URL_LINE, { IMPEDANCE_TELEMETRY_OTLP_ROOT_SHARE: "0.25" });
  expect(config.ok && config.value.otlp).toMatchObject({ rootShare: 0.25 });
});

describe("what is wrong is told with its place", () => {
  test.each([
    { title: "no address", bad: "traces: on", says: "telemetry.otlp lacks url" },
    { title: "no http", bad: "url: grpc://collector:4317", says: "is no http or https address" },
    { title: "a query", bad: "url: https://c.example/?key=1", says: "has a query or a fragment" },
    {
      title: "a token in the clear",
      bad: "url: http://collector.example:4318, token: env:TOKEN",
      says: "telemetry.otlp.token would travel in the clear",
    },
    {
      title: "a token that is none",
      bad: `${URL_LINE}, token: env:SPACED`,
      says: "telemetry.otlp.token leads to what is no bearer token",
    },
    {
      title: "a certificate without its key",
      bad: `${URL_LINE}, cert_file: own.pem`,
      says: "telemetry.otlp lacks key",
    },
    {
      title: "an authority without TLS",
      bad: "url: http://127.0.0.1:4318, ca_file: ca.pem",
      says: "telemetry.otlp.ca_file has no effect without TLS",
    },
    { title: "a share beyond all", bad: `${URL_LINE}, root_share: 1.1`, says: "root_share" },
  ])("$title", ({ bad, says }) => {
    const loaded = load(bad);
    const told = loaded.ok ? [] : loaded.error.map(formatConfigError);
    expect(told).toHaveLength(1);
    expect(told[0]).toContain(says);
  });
});
