import { afterAll, describe, expect, test } from "vitest";
import type { Config } from "../../../src/config/config.ts";
import { loadConfig } from "../../../src/config/load-config.ts";
import { openTransport, transportErrors } from "../../../src/server/transport.ts";
import { createMetrics } from "../../../src/telemetry/metrics.ts";
import { createAuthority } from "../../support/authority.ts";

const authority = createAuthority();
const own = authority.issue({ days: 100 });
afterAll(() => authority[Symbol.dispose]());

const TLS = `certificate_file: ${own.certFile}, key_file: ${own.keyFile}`;
const GRPC_TLS = `grpc_tls: { ${TLS}, client_ca_file: ${authority.file}, allowed_identities: [a] }`;
const ADMIN_TLS = `admin_tls: { ${TLS} }`;
const TOKEN = "admin_access: { token: env:ADMIN_TOKEN }";

function configOf(...lines: readonly string[]): Config {
  const environment = { ADMIN_TOKEN: "x".repeat(16) };
  const config = loadConfig(lines.join("\n"), "/etc/impedance/impedance.yaml", environment);
  if (!config.ok) throw new Error(JSON.stringify(config.error));
  return config.value;
}

describe("the admin port", () => {
  test.each([
    { host: "127.0.0.1", more: [], open: true },
    { host: "127.8.9.1", more: [], open: true },
    { host: "localhost", more: [], open: true },
    { host: '"[::1]', more: [], open: true },
    { host: "0.0.0.0", more: [], open: false },
    { host: '"[::]', more: [], open: false },
    { host: "10.0.0.1", more: [TOKEN], open: false },
    { host: "10.0.0.1", more: [ADMIN_TLS], open: false },
    { host: "10.0.0.1", more: [TOKEN, ADMIN_TLS], open: true },
    { host: "127.0.0.1.example", more: [], open: false },
    { host: "localhost.example", more: [], open: false },
  ])("on $host with $more.length of its two protections opens: $open", async (port) => {
    const quote = port.host.startsWith('"') ? '"' : "";
    const config = configOf(`admin: ${port.host}:9192${quote}`, ...port.more);
    expect((await transportErrors(config)).length === 0).toBe(port.open);
  });
});

describe("the gRPC port", () => {
  test.each([
    { title: "on loopback", lines: [], warned: false },
    { title: "on a Unix socket", lines: ["grpc: unix:/run/x.sock"], warned: false },
    { title: "for everybody", lines: ["grpc: 0.0.0.0:9191"], warned: true },
    { title: "for those who may", lines: ["grpc: 0.0.0.0:9191", GRPC_TLS], warned: false },
  ])("$title, is warned of: $warned", async ({ lines, warned }) => {
    const told: string[] = [];
    const log = (code: string) => void told.push(code);
    const transport = await openTransport(configOf(...lines), {
      clock: { now: () => Date.now(), monotonic: () => performance.now() },
      metrics: createMetrics({ version: "0" }),
      log: { debug: log, info: log, warn: log, error: log, fatal: log, flush: async () => {} },
    });
    if (!transport.ok) throw new Error(transport.error.join("\n"));
    transport.value.stop();
    expect(told).toEqual(warned ? ["grpc_unprotected"] : []);
    expect(transport.value.grpcTls !== null).toBe(lines.includes(GRPC_TLS));
    expect(transport.value.hindrances()).toEqual([]);
  });
});
