import { createHash } from "node:crypto";
import { copyFile, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { loadConfig } from "../../../../src/config/load-config.ts";
import type { PostureChange } from "../../../../src/core/posture.ts";
import { loadPolicy } from "../../../../src/server/load-policy.ts";
import { packagePath } from "../../../../src/server/package-root.ts";
import {
  isPostureOnRecord,
  type LivePosture,
  startPosture,
} from "../../../../src/server/posture/start.ts";
import { systemClock } from "../../../../src/server/system.ts";
import { createLogger } from "../../../../src/telemetry/log.ts";
import { createMetrics } from "../../../../src/telemetry/metrics.ts";
import { efiFlag, GOOD_HOST, type HostTree, makeHostTree } from "../../../support/host-tree.ts";
import { startPostureServer } from "../../../support/posture-source.ts";
import { createTestKey } from "../../../support/tokens.ts";
import { waitFor, within } from "../../../support/wait.ts";

let folder: string;
let host: HostTree;
let live: LivePosture | null;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "impedance-posture-"));
  host = await makeHostTree(GOOD_HOST);
  live = null;
});
afterEach(async () => {
  live?.stop();
  await host[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

function configOf(text: string) {
  const config = loadConfig(text, join(folder, "impedance.yaml"), {});
  if (!config.ok) throw new Error(JSON.stringify(config.error));
  return config.value;
}

async function start(text: string) {
  const metrics = createMetrics({ version: "1" });
  const log = createLogger({ level: "fatal" });
  const config = configOf(text);
  const started = await startPosture({ config, metrics, log, clock: systemClock, root: host.root });
  if (started.ok) live = started.value;
  return { started, metrics };
}

const sha256 = (bytes: string | Uint8Array) => createHash("sha256").update(bytes).digest("hex");
const BUNDLE = packagePath("dist/policy/bundle.tar.gz");

describe("at the start", () => {
  test("every check of the host is looked at, and counted by its state", async () => {
    const { started, metrics } = await start("");
    expect(started.ok && started.value.checks().map(({ name, state }) => [name, state])).toEqual([
      ["disk_encryption", "true"],
      ["secure_boot", "true"],
      ["kernel_lockdown", "true"],
      ["mandatory_access_control", "true"],
      ["read_only_root", "true"],
      ["unprivileged", "true"],
    ]);
    const page = await metrics.render();
    expect(page).toContain('impedance_posture_state{check="host.secure_boot",state="true"} 1');
    expect(page).toContain('impedance_posture_state{check="host.secure_boot",state="unknown"} 0');
  });

  test("a check that is off is not", async () => {
    const { started } = await start("posture: { checks: { secure_boot: off } }");
    expect(started.ok && started.value.checks().map(({ name }) => name)).not.toContain(
      "secure_boot",
    );
  });

  test.each([
    { title: "does not hold", files: efiFlag("SecureBoot", 0) },
    {
      title: "cannot be told",
      files: { [Object.keys(efiFlag("SecureBoot", 0)).join("")]: "no flag" },
    },
  ])("what is to end the run and $title stands against it", async ({ files }) => {
    await host.write(files);
    const { started } = await start("posture: { checks: { secure_boot: shutdown } }");
    expect(started).toMatchObject({
      ok: false,
      error: [expect.stringMatching(/^host.secure_boot/)],
    });
    const patient = await start("posture: { checks: { secure_boot: deny } }");
    expect(patient.started).toMatchObject({ ok: true, value: { denies: true } });
  });

  test("so does a file that is another one", async () => {
    await writeFile(join(folder, "server"), "x");
    const { started } = await start(`integrity:
      files: { server: { path: server, sha256: ${sha256("y")}, on_failure: shutdown } }`);
    expect(started).toMatchObject({
      ok: false,
      error: [expect.stringContaining("integrity.server does not hold")],
    });
  });

  test("only what was asked for goes on record", () => {
    expect(isPostureOnRecord(configOf(""))).toBe(false);
    expect(isPostureOnRecord(configOf("posture: { checks: { unprivileged: deny } }"))).toBe(true);
  });
});

describe("while it runs", () => {
  test("a file that changes is told, and ends the run where that was asked for", async () => {
    const file = join(folder, "server");
    await writeFile(file, "x");
    const { started, metrics } = await start(`integrity:
      look_interval_s: 1
      files: { server: { path: server, sha256: ${sha256("x")}, on_failure: shutdown } }`);
    if (!started.ok) throw new Error(started.error.join());
    const changes: PostureChange[] = [];
    started.value.follow((given) => changes.push(...given));
    await writeFile(file, "y");
    expect(await within("the run to be over", started.value.failed)).toEqual([
      `integrity.server does not hold (${file}), and its failure ends the run`,
    ]);
    expect(changes).toEqual([
      {
        group: "integrity",
        name: "server",
        before: "true",
        state: "false",
        readFrom: file,
        onFailure: "shutdown",
        digests: { expected: sha256("x"), found: sha256("y") },
      },
    ]);
    expect(await metrics.render()).toContain(
      'impedance_posture_changes_total{check="integrity.server"} 1',
    );
  });

  test("the host is looked at again and again", async () => {
    const { started } = await start("posture: { interval_s: 1, checks: { secure_boot: deny } }");
    if (!started.ok) throw new Error(started.error.join());
    const facts = started.value.view(new Set(["failed"]));
    const caller = { id: "a", kind: "user", authenticated_by: "none" } as const;
    const failed = () => facts({ ...caller, roles: [], scopes: [], claims: {} }).failed;
    expect(failed()).toBe(undefined);
    await host.write(efiFlag("SecureBoot", 0));
    await waitFor("the check to fail", () => failed() !== undefined);
    expect(failed()).toEqual(["host.secure_boot"]);
    await host.write(efiFlag("SecureBoot", 1));
    await waitFor("the check to hold again", () => failed() === undefined);
  });

  test("a source outside is followed, and its silence is a fact that is not there", async () => {
    const key = createTestKey("EdDSA");
    await using server = await startPostureServer(key);
    const { started, metrics } = await start(`posture:
      source: { url: "${server.url}", issuer: "${server.issuer}", jwks_uri: "${server.issuer}/jwks",
        poll_interval_s: 1, max_age_s: 2, clock_skew_s: 0, checks: { edr_running: deny } }`);
    if (!started.ok) throw new Error(started.error.join());
    const state = () => started.value.checks().find(({ name }) => name === "edr_running")?.state;
    expect(state()).toBe("true");
    server.answer = (response) => void response.writeHead(500).end();
    await waitFor("what it said to be too old", () => state() === "unknown");
    const refused = /impedance_posture_fetches_total\{outcome="refused"\} [1-9]/;
    await waitFor("a refused answer", async () => refused.test(await metrics.render()));
    const page = await metrics.render();
    expect(page).toMatch(/impedance_posture_fetches_total\{outcome="taken"\} [1-9]/);
    expect(page).toContain("impedance_posture_source_age_seconds Nan");
  });
});

describe("the policy's bundle", () => {
  const bundleIn = async (text: string) => loadPolicy(configOf(text), systemClock);

  test("decides if it has the hash that it has to have", async () => {
    const bytes = await readFile(BUNDLE);
    await copyFile(BUNDLE, join(folder, "b.tar.gz"));
    const text = (hash: string) =>
      `policy: { bundle: b.tar.gz }\nintegrity: { bundle: { sha256: ${hash} } }`;
    expect((await bundleIn(text(sha256(bytes)))).ok).toBe(true);
    expect(await bundleIn(text(sha256("other")))).toMatchObject({
      ok: false,
      error: [expect.stringContaining("not the bundle of integrity.bundle.sha256")],
    });
  });

  test.each([
    { title: "vouches", code: "process.exit(0)", error: null },
    { title: "refuses", code: "process.exit(1)", error: "refused it" },
    {
      title: "vouches for the very bytes",
      code: `const { readFileSync } = require("node:fs");
        const { createHash } = require("node:crypto");
        const [file, hash] = process.argv.slice(1);
        process.exit(createHash("sha256").update(readFileSync(file)).digest("hex") === hash ? 0 : 1);`,
      error: null,
    },
    { title: "takes too long", code: "setInterval(() => {}, 1000)", error: "took too long" },
  ])("is held to a verifier that $title", async ({ code, error }) => {
    const command = [process.execPath, "-e", code, "{file}", "{sha256}"];
    const deadline = error === "took too long" ? 300 : 20_000;
    const loaded = await bundleIn(
      JSON.stringify({
        integrity: { bundle: { verifier: command, verifier_deadline_ms: deadline } },
      }),
    );
    expect(loaded.ok ? null : loaded.error.join()).toEqual(
      error === null ? null : expect.stringContaining(error),
    );
  });
});
