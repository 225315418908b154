import { describe, expect, test } from "vitest";
import { formatConfigError } from "../../../src/config/config-error.ts";
import { loadConfig } from "../../../src/config/load-config.ts";

const ENVIRONMENT = { TOKEN: "t".repeat(20), KEY: "k".repeat(20), SPACED: "a token of words" };
const OTLP = "kind: otlp, url: https://collector.example:4318";

function load(...entries: readonly string[]) {
  const text = `audit:\n  ship:\n${entries.map((entry) => `    - { ${entry} }\n`).join("")}`;
  return loadConfig(text, "/etc/impedance/impedance.yaml", ENVIRONMENT);
}

function shipped(...entries: readonly string[]) {
  const loaded = load(...entries);
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.error));
  return loaded.value;
}

function complaints(...entries: readonly string[]): readonly string[] {
  const loaded = load(...entries);
  return loaded.ok ? [] : loaded.error.map(formatConfigError);
}

test("a destination has an address and defaults", () => {
  const defaults = {
    caFile: null,
    certificate: null,
    required: false,
    onFull: "drop",
    batchMaxEvents: 200,
    batchMaxBytes: 1_048_576,
    batchMaxMs: 1_000,
    bufferMaxEvents: 20_000,
    bufferMaxBytes: 67_108_864,
    deadlineMs: 10_000,
    retryMinMs: 500,
    retryMaxMs: 30_000,
  };
  const { audit } = shipped(
    OTLP,
    "kind: http, url: http://127.0.0.1:8181/opa/",
    'kind: syslog, url: "tcp://[::1]:601"',
  );
  const shared = { token: null, includesLine: true };
  expect(audit.ship).toEqual([
    {
      ...defaults,
      name: "otlp",
      receiver: { kind: "otlp", url: "https://collector.example:4318/v1/logs", ...shared },
    },
    {
      ...defaults,
      name: "http",
      receiver: { kind: "http", url: "http://127.0.0.1:8181/opa/logs", ...shared },
    },
    {
      ...defaults,
      name: "syslog",
      receiver: {
        kind: "syslog",
        host: "::1",
        port: 601,
        tls: false,
        facility: "audit",
        severity: "informational",
        appName: "impedance",
        enterprise: 32_473,
      },
    },
  ]);
});

test("secrets come by reference, files from the configuration's folder, and both are our own", () => {
  const tls = "ca_file: ca.pem, cert_file: own.pem, key: env:KEY";
  const config = shipped(`${OTLP}, name: siem, token: env:TOKEN, required: on, ${tls}`);
  const [entry] = config.audit.ship;
  expect(entry).toMatchObject({
    name: "siem",
    required: true,
    caFile: "/etc/impedance/ca.pem",
    certificate: { file: "/etc/impedance/own.pem", key: { reference: "env:KEY" } },
    receiver: { token: { reference: "env:TOKEN" } },
  });
  expect(config.ownPaths).toEqual(
    expect.arrayContaining(["/etc/impedance/ca.pem", "/etc/impedance/own.pem"]),
  );
  expect(JSON.stringify(config.audit)).not.toContain("tttt");
});

describe("what is wrong is told with its place", () => {
  test.each([
    {
      title: "no address",
      bad: "kind: otlp",
      says: "3:7: audit.ship.0 lacks url; add url: …",
    },
    {
      title: "a kind that is none",
      bad: "kind: oltp, url: https://a",
      says: "3:15: audit.ship.0.kind is none of the known values; use one of: otlp, syslog, http",
    },
    {
      title: "a setting that is none",
      bad: `${OTLP}, tokn: env:TOKEN`,
      says: "audit.ship.0.tokn is not a known setting; did you mean token?",
    },
    {
      title: "a token as it is",
      bad: `${OTLP}, token: hunter2hunter2hunter2`,
      says: "audit.ship.0.token is not of the form needed here",
    },
    {
      title: "a token that is not there",
      bad: `${OTLP}, token: env:NOWHERE`,
      says: "audit.ship.0.token refers to the variable NOWHERE, which is not set",
    },
    {
      title: "a token that fits no header",
      bad: `${OTLP}, token: env:SPACED`,
      says: "audit.ship.0.token leads to what is no bearer token",
    },
    {
      title: "a token in the clear",
      bad: "kind: http, url: http://siem.example/, token: env:TOKEN",
      says: "audit.ship.0.token would travel in the clear; use https",
    },
    {
      title: "credentials in an address",
      bad: "kind: http, url: https://u:hunter2@siem.example/",
      says: "audit.ship.0.url holds credentials",
    },
    {
      title: "a query in an address",
      bad: "kind: http, url: https://siem.example/?a=b",
      says: "audit.ship.0.url has a query",
    },
    {
      title: "an address of another kind",
      bad: "kind: http, url: tcp://siem.example:1",
      says: "audit.ship.0.url is no http or https address",
    },
    {
      title: "a syslog address without a port",
      bad: "kind: syslog, url: tls://siem.example",
      says: "audit.ship.0.url is no address of a syslog receiver",
    },
    {
      title: "syslog over UDP",
      bad: "kind: syslog, url: udp://siem.example:514",
      says: "audit.ship.0.url is no address of a syslog receiver",
    },
    {
      title: "an authority without TLS",
      bad: "kind: syslog, url: tcp://siem.example:601, ca_file: ca.pem",
      says: "audit.ship.0.ca_file has no effect without TLS",
    },
    {
      title: "a certificate without its key",
      bad: `${OTLP}, cert_file: own.pem`,
      says: "audit.ship.0 lacks key; give cert_file and key, or neither",
    },
    {
      title: "a facility of what is no syslog",
      bad: `${OTLP}, facility: local0`,
      says: "audit.ship.0.facility has no effect on otlp",
    },
    {
      title: "a token for syslog",
      bad: "kind: syslog, url: tls://siem.example:6514, token: env:TOKEN",
      says: "audit.ship.0.token has no effect on syslog",
    },
    {
      title: "a longest wait that is shorter than the first",
      bad: `${OTLP}, retry_min_ms: 500, retry_max_ms: 499`,
      says: "audit.ship.0.retry_max_ms is less than the first wait",
    },
  ])("$title", ({ bad, says }) => {
    const told = complaints(bad);
    expect(told).toHaveLength(1);
    expect(told[0]).toContain(says);
    expect(told[0]).not.toContain("hunter2");
  });

  test("two of one name", () => {
    expect(complaints(OTLP, OTLP)).toEqual([
      "/etc/impedance/impedance.yaml:4:7: audit.ship.1 has the name of another destination; give each a name of its own",
    ]);
    expect(complaints(OTLP, `${OTLP}, name: other`)).toEqual([]);
  });

  test("a token to this machine may go without TLS", () => {
    expect(complaints("kind: http, url: http://localhost:8181, token: env:TOKEN")).toEqual([]);
  });
});
