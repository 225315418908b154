/** What the manifests lay out starts, and answers the probes that they have. */

import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { get } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { askHealth } from "../../../src/envoy/health-client.ts";
import { connectRedis } from "../../../src/state/redis.ts";
import { createRedisRates } from "../../../src/state/redis-rates.ts";
import { createAuthority, type IssuedCertificate } from "../../support/authority.ts";
import { freePort } from "../../support/gateway.ts";
import { type Files, type LaidOut, layOut, type Sources } from "../../support/k8s/laid-out.ts";
import { build, K8S, KUSTOMIZE, type Manifest, podOf } from "../../support/k8s/manifests.ts";
import { containersOf } from "../../support/k8s/pod-security.ts";
import { startReceiver } from "../../support/receivers.ts";
import { REDIS_SERVER } from "../../support/redis.ts";
import { waitFor } from "../../support/wait.ts";
import { impedance, startImpedance } from "../cli/command.ts";

type Shape = Manifest["spec"];

const SERVICE_NAME = "impedance.impedance.svc";
const authority = createAuthority();
const issued = new Map<string, IssuedCertificate>();
let folder: string;
let byHand: Files;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "impedance-k8s-"));
  byHand = runPage(join(folder, "by-hand"));
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
  authority[Symbol.dispose]();
});

describe.skipIf(KUSTOMIZE === null)("k8s/base (needs kustomize)", () => {
  test("starts in the clear, with probes over gRPC and an admin port of the pod's own", async () => {
    const { filter, container } = filterOf("base", "base");
    expect(await impedance(["check", ...configOf(filter)], "", filter.environment)).toMatchObject({
      code: 0,
      stderr: "",
    });
    await using running = await serve(filter);
    for (const probe of ["startupProbe", "readinessProbe", "livenessProbe"]) {
      const { grpc } = container[probe];
      expect(grpc.port).toBe(9191);
      const about = grpc.service === "alive" ? "alive" : "ready";
      expect(await running.health(about)).toEqual({ kind: "serving" });
    }
  });
});

describe.skipIf(KUSTOMIZE === null)("k8s/overlays/production (needs kustomize)", () => {
  test("starts with certificates, and answers kubelet, gateway and Prometheus alone", async () => {
    const { filter, container, all } = filterOf("overlays/production", "production");
    expect(await impedance(["check", ...configOf(filter)], "", filter.environment)).toMatchObject({
      code: 0,
      stderr: "",
    });
    // Without Redis: what it would count is denied, and the service is there to say so.
    await using running = await serve(filter);
    for (const probe of ["startupProbe", "readinessProbe", "livenessProbe"]) {
      const { httpGet, grpc } = container[probe];
      expect({ grpc, scheme: httpGet.scheme }).toEqual({ grpc: undefined, scheme: "HTTPS" });
      expect(await running.page(httpGet.path)).toMatchObject({ status: 200 });
    }

    const gateway = issued.get("impedance-gateway-tls");
    const admin = issued.get("impedance-admin-tls");
    if (gateway === undefined || admin === undefined) throw new Error("a certificate is missing");
    expect(await running.health("ready", gateway)).toEqual({ kind: "serving" });
    expect(await running.health("ready", admin)).toMatchObject({ status: "PERMISSION_DENIED" });
    expect(await running.health("ready")).toMatchObject({ kind: "unreachable" });

    const [endpoint] = all.find(({ kind }) => kind === "ServiceMonitor")?.spec.endpoints ?? [];
    expect(endpoint.tlsConfig.serverName).toBe(SERVICE_NAME);
    const { name, key } = endpoint.authorization.credentials;
    expect({ name, key }).toEqual({ name: "impedance-admin", key: "token" });
    expect(await running.page(endpoint.path)).toMatchObject({ status: 401 });
    const shown = await running.page(endpoint.path, byHand.token?.trim());
    expect(shown.status).toBe(200);
    expect(shown.text).toContain("impedance_streams_open");
  });
});

describe.skipIf(KUSTOMIZE === null)("k8s/overlays/sidecar (needs kustomize)", () => {
  test("starts on its socket, and its own client asks there", async () => {
    const { filter, container } = filterOf("overlays/sidecar", "sidecar");
    await using running = startImpedance(
      [...filter.args, "--admin", "127.0.0.1:0"],
      filter.environment,
    );
    await waitFor("serve to start", () => running.stderr().includes('"started"'));
    for (const probe of ["startupProbe", "readinessProbe", "livenessProbe"]) {
      const [node, main, ...args] = container[probe].exec.command;
      expect([node, main]).toEqual(["/nodejs/bin/node", "/app/dist/main.js"]);
      const here = args.map((arg: string) =>
        arg.replace("unix:/run", `unix:${join(folder, "sidecar", "run")}`),
      );
      expect(await impedance(here)).toMatchObject({ code: 0, stdout: "serving\n" });
    }
  });
});

describe.skipIf(KUSTOMIZE === null || REDIS_SERVER === null)(
  "k8s/components/redis (needs kustomize and redis-server)",
  () => {
    test("starts, counts for its one user, and lets that user do nothing else", async () => {
      const { all, sources } = laidOutBy("overlays/production", "redis");
      const pod = podOf(find(all, "Deployment", "redis"));
      const [container] = pod.containers;
      const { args } = layOut(pod, container, sources);
      const port = await freePort();
      const here = args.map((arg) => (arg === "6379" ? String(port) : arg));
      const server = startReceiver(REDIS_SERVER ?? "", [...here, "--bind", "127.0.0.1"]);
      const connection = connectRedis({
        address: { kind: "tcp", host: "localhost", port, tls: true, database: 0 },
        username: "impedance",
        password: byHand.password?.trim() ?? "",
        ca: authority.pem,
        commandDeadlineMs: 2_000,
        onChange: () => undefined,
      });
      try {
        await connection.waitUntilUp(10_000);
        expect({ isUp: connection.isUp(), said: connection.isUp() ? "" : server.output() }).toEqual(
          { isUp: true, said: "" },
        );
        const rates = createRedisRates({
          ...{ connection, keyPrefix: "impedance:", fallback: null },
          digest: (text) => Buffer.from(text).toString("base64url"),
        });
        const rate = { points: 1, seconds: 60, burst: 1 };
        const take = () => rates.take([{ bucket: { limit: "l", key: "alice", rate }, cost: 1 }]);
        expect((await take())?.[0]).toBe(0);
        expect((await take())?.[0]).toBeGreaterThan(0);
        await expect(connection.client.get("another:key")).rejects.toThrow(/NOPERM/);
        await expect(connection.client.keys("*")).rejects.toThrow(/NOPERM/);
        await expect(connection.client.flushall()).rejects.toThrow(/NOPERM/);
        await expect(connection.client.config("GET", "*")).rejects.toThrow(/NOPERM/);
      } finally {
        connection.close();
        await server.stop();
      }
    });
  },
);

/** The files that the third step of the page makes by hand; its last lines are for a cluster. */
function runPage(place: string): Files {
  const page = readFileSync(join(K8S, "..", "docs", "kubernetes.md"), "utf8");
  const [, script = ""] = /```sh\n( +umask 077\n.*?)```/s.exec(page) ?? [];
  const lines = script.split("\n").filter((line) => !/^\s*kubectl /.test(line));
  mkdirSync(place);
  execFileSync("sh", ["-eu", "-c", lines.join("\n")], { cwd: place });
  const names = readdirSync(place);
  return Object.fromEntries(names.map((name) => [name, readFileSync(join(place, name), "utf8")]));
}

interface Built {
  readonly all: readonly Manifest[];
  readonly sources: Sources;
}

/** What is built, with a certificate for each that cert-manager would make. */
function laidOutBy(path: string, name: string): Built {
  const { all } = build(path);
  const secrets = new Map<string, Files>([
    ["impedance-admin", pick(byHand, ["token"])],
    ["impedance-redis", pick(byHand, ["password", "subject-key", "users.acl"])],
  ]);
  for (const { kind, spec } of all) {
    if (kind !== "Certificate" || spec.isCA === true) continue;
    const dns: readonly string[] = spec.dnsNames ?? [];
    // By its name in the cluster, and here by that of this machine.
    const names = [
      ...dns.map((each) => `DNS:${each}`),
      ...(dns.length > 0 ? ["DNS:localhost"] : []),
    ];
    const uris = (spec.uris ?? []).map((each: string) => `URI:${each}`);
    const certificate = authority.issue({ names: [...names, ...uris] });
    issued.set(spec.secretName, certificate);
    const { cert, key } = certificate;
    secrets.set(spec.secretName, { "tls.crt": cert, "tls.key": key, "ca.crt": authority.pem });
  }
  const configMaps = new Map(
    all.flatMap(({ kind, metadata, data }) =>
      kind === "ConfigMap" && data !== undefined ? [[metadata.name, data] as const] : [],
    ),
  );
  return { all, sources: { place: join(folder, name), secrets, configMaps } };
}

function filterOf(path: string, name: string) {
  const { all, sources } = laidOutBy(path, name);
  const pods = all.map(podOf).filter((pod) => pod !== null);
  const pod = pods.find((each) => containerOf(each) !== undefined);
  const container = containerOf(pod);
  return { all, container, filter: layOut(pod, container, sources) };
}

function containerOf(pod: Shape): Shape {
  return containersOf(pod).find(({ name }) => name === "impedance");
}

function find(all: readonly Manifest[], kind: string, name: string): Manifest {
  const found = all.find((each) => each.kind === kind && each.metadata.name === name);
  if (found === undefined) throw new Error(`there is no ${kind} ${name}`);
  return found;
}

function pick(files: Files, names: readonly string[]): Files {
  return Object.fromEntries(names.map((name) => [name, files[name] ?? ""]));
}

function configOf({ args }: LaidOut): readonly string[] {
  return args.filter((arg) => arg !== "serve");
}

/** The same, but for its ports, which are any free ones of this machine alone. */
async function serve({ args, environment }: LaidOut) {
  const { IMPEDANCE_ADMIN: _, ...rest } = environment;
  const ports = ["--grpc", "127.0.0.1:0", "--admin", "127.0.0.1:0"];
  const command = startImpedance([...args, ...ports], rest);
  const line = await waitFor("serve to start", () => {
    if (command.child.exitCode !== null) throw new Error(command.stderr());
    return /^.*"started".*$/m.exec(command.stderr());
  });
  const started = JSON.parse(line[0]) as { grpc_port: number; admin_port: number };
  return {
    health: (about: "ready" | "alive", own: IssuedCertificate | null = null) =>
      askHealth({
        ...{ address: `127.0.0.1:${started.grpc_port}`, about, deadlineMs: 5_000 },
        tls: own === null ? null : tlsOf(own),
      }),
    page: (path: string, token?: string) => pageOf(started.admin_port, path, token),
    [Symbol.asyncDispose]: () => command[Symbol.asyncDispose](),
  };
}

function tlsOf({ cert, key }: IssuedCertificate) {
  return {
    certificate: Buffer.from(cert),
    key: Buffer.from(key),
    authority: Buffer.from(authority.pem),
    serverName: SERVICE_NAME,
  };
}

/** As Prometheus asks: by address, for the certificate of the service's name. */
function pageOf(port: number, path: string, token?: string) {
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const place = { host: "127.0.0.1", port, path, headers };
  const tls = { ca: authority.pem, servername: SERVICE_NAME };
  return new Promise<{ status: number | undefined; text: string }>((resolve, reject) => {
    get({ ...place, ...tls, agent: false }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (chunk: string) => {
        text += chunk;
      });
      response.on("end", () => resolve({ status: response.statusCode, text }));
    }).on("error", reject);
  });
}
