import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, describe, expect, test } from "vitest";
import type { Clock } from "../../../../src/core/ports.ts";
import type { TlsMaterial } from "../../../../src/core/tls.ts";
import { type CertificateFiles, readPair } from "../../../../src/server/certificates/read-pair.ts";
import {
  type CertificateWatch,
  watchCertificate,
} from "../../../../src/server/certificates/watch.ts";
import { createMetrics } from "../../../../src/telemetry/metrics.ts";
import { createAuthority, type IssuedCertificate } from "../../../support/authority.ts";

const DAY_MS = 86_400_000;

const authority = createAuthority();
const stranger = createAuthority("Another authority");
const folder = mkdtempSync(join(tmpdir(), "impedance-watch-"));
const open: CertificateWatch[] = [];
afterEach(() => {
  for (const watch of open.splice(0)) watch.stop();
});
afterAll(() => {
  authority[Symbol.dispose]();
  stranger[Symbol.dispose]();
  rmSync(folder, { recursive: true, force: true });
});

const FILES: CertificateFiles = {
  certificateFile: join(folder, "own.pem"),
  keyFile: join(folder, "own-key.pem"),
  clientCaFile: join(folder, "ca.pem"),
};
const ROTATED = authority.issue({ days: 30 });
const FIRST = authority.issue({ days: 20 });

function put({ certFile, keyFile }: Pick<IssuedCertificate, "certFile" | "keyFile">): void {
  copyFileSync(certFile, FILES.certificateFile);
  copyFileSync(keyFile, FILES.keyFile);
  copyFileSync(authority.file, FILES.clientCaFile ?? "");
}

interface Watched {
  readonly watch: CertificateWatch;
  readonly log: readonly string[];
  readonly changes: readonly TlsMaterial[];
  metric(name: string): Promise<string | undefined>;
}

async function start(clock: Clock = clockAt(0)): Promise<Watched> {
  const log: string[] = [];
  const changes: TlsMaterial[] = [];
  const metrics = createMetrics({ version: "0" });
  const entry =
    (level: string) =>
    (code: string, fields: object = {}) => {
      log.push(`${level} ${code} ${Object.values(fields).slice(0, 3).join(" ")}`);
    };
  const watching = await watchCertificate({
    name: "grpc",
    files: FILES,
    pollIntervalMs: 3_600_000,
    clock,
    metrics,
    log: {
      debug: entry("debug"),
      info: entry("info"),
      warn: entry("warn"),
      error: entry("error"),
      fatal: entry("fatal"),
      flush: async () => {},
    },
  });
  if (!watching.ok) throw new Error(watching.error);
  const watch = watching.value;
  open.push(watch);
  watch.onChange((material) => changes.push(material));
  const metric = async (name: string): Promise<string | undefined> => {
    const lines = (await metrics.render()).split("\n");
    return lines.find((line) => line.startsWith(`${name} `))?.slice(name.length + 1);
  };
  return { watch, log, changes, metric };
}

/** So many days from now. */
function clockAt(days: number): Clock {
  return { now: () => Date.now() + days * DAY_MS, monotonic: () => performance.now() };
}

const RELOADS = "impedance_certificate_reloads_total";

test("a new pair replaces the old one, and is told once", async () => {
  put(FIRST);
  const { watch, changes, log, metric } = await start();
  expect(watch.current().certificate).toBe(FIRST.cert);
  await watch.look();
  expect(changes).toEqual([]);
  put(ROTATED);
  await watch.look();
  await watch.look();
  expect(changes.map(({ certificate }) => certificate)).toEqual([ROTATED.cert]);
  expect(watch.current().key).toBe(ROTATED.key);
  expect(log.filter((line) => line.startsWith("info certificate_loaded grpc"))).toHaveLength(1);
  expect(await metric(`${RELOADS}{name="grpc",outcome="loaded"}`)).toBe("1");
});

describe("a pair that cannot be shown", () => {
  const garbage = join(folder, "garbage");
  writeFileSync(garbage, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
  const { certFile, keyFile } = ROTATED;
  test.each([
    {
      title: "the key of another",
      pair: { certFile, keyFile: FIRST.keyFile },
      fault: "key_of_another",
    },
    { title: "no certificate", pair: { certFile: garbage, keyFile }, fault: "certificate_broken" },
    { title: "no key", pair: { certFile, keyFile: garbage }, fault: "key_broken" },
    { title: "one that has ended", pair: authority.issue({ days: -1 }), fault: "not_valid_now" },
  ])("is refused and counted, and the old one stays: $title", async ({ pair, fault }) => {
    put(FIRST);
    const { watch, changes, log, metric } = await start();
    put(pair);
    await watch.look();
    await watch.look();
    expect(changes).toEqual([]);
    expect(watch.current().certificate).toBe(FIRST.cert);
    expect(log).toEqual([`error certificate_refused grpc ${fault}`]);
    expect(await metric(`${RELOADS}{name="grpc",outcome="refused"}`)).toBe("1");

    put(ROTATED);
    await watch.look();
    expect(watch.current().certificate).toBe(ROTATED.cert);
  });
});

test("a new authority for clients is taken with the pair", async () => {
  put(FIRST);
  const { watch, changes } = await start();
  copyFileSync(stranger.file, FILES.clientCaFile ?? "");
  await watch.look();
  expect(changes.map(({ clientAuthority }) => clientAuthority)).toEqual([stranger.pem]);
  writeFileSync(FILES.clientCaFile ?? "", "");
  await watch.look();
  expect(watch.current().clientAuthority).toBe(stranger.pem);
});

test.each([
  { days: 5, log: [], valid: true },
  { days: 7, log: ["warn certificate_expires grpc warn 12"], valid: true },
  { days: 14, log: ["error certificate_expires grpc critical 5"], valid: true },
  { days: 21, log: ["error certificate_expired grpc ended -2"], valid: false },
])("a certificate of 20 days says so on its day $days", async ({ days, log, valid }) => {
  put(FIRST);
  const watched = await start(clockAt(days));
  expect(watched.log.filter((line) => !line.includes("client_ca"))).toEqual(log);
  expect(watched.watch.isValid()).toBe(valid);
});

test("how long is left is a metric, of the authority for clients too", async () => {
  put(FIRST);
  const { metric } = await start(clockAt(19));
  const left = Number(await metric('impedance_certificate_expires_seconds{name="grpc"}'));
  expect(left).toBeGreaterThan(0.9 * 86_400);
  expect(left).toBeLessThanOrEqual(86_400);
  const authorityLeft = 'impedance_certificate_expires_seconds{name="grpc_client_ca"}';
  expect(Number(await metric(authorityLeft))).toBeGreaterThan(10 * 86_400);
});

test.each([
  {
    title: "a certificate that is not there",
    files: { certificateFile: join(folder, "none") },
    fault: "certificate_unreadable",
  },
  { title: "a key that is a folder", files: { keyFile: folder }, fault: "key_unreadable" },
  {
    title: "no authority",
    files: { clientCaFile: join(folder, "none") },
    fault: "client_ca_unreadable",
  },
])("$title is a value, not an exception", async ({ files, fault }) => {
  put(FIRST);
  expect(await readPair({ ...FILES, ...files })).toEqual({ ok: false, error: fault });
});
