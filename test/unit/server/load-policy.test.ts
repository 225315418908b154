import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { defaultConfig } from "../../../src/config/load-config.ts";
import { loadPolicy } from "../../../src/server/load-policy.ts";
import { packagePath, packageVersion } from "../../../src/server/package-root.ts";
import { grpcAddress } from "../../../src/server/ports.ts";
import { STILL_CLOCK } from "../../golden/data-path.ts";

const BUNDLE = packagePath("dist/policy/bundle.tar.gz");
const POLICY = 'policy_id: p\nversion: "1"\ndefault: allow\n';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "impedance-load-"));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

async function written(name: string, content: string | Uint8Array): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, content);
  return path;
}

async function load(policy: { readonly file?: string; readonly bundle?: string }) {
  const config = defaultConfig({});
  if (!config.ok) throw new Error("the defaults are a configuration");
  const { file = null, bundle = null } = policy;
  return loadPolicy(
    { ...config.value, policy: { ...config.value.policy, file, bundle } },
    STILL_CLOCK,
  );
}

describe("loadPolicy", () => {
  test("has one of its own where none is configured, which denies", async () => {
    expect(await load({})).toMatchObject({ ok: true, value: { default: "deny", isBuiltIn: true } });
  });

  test("takes the default of the policy that is configured", async () => {
    const file = await written("policy.yaml", POLICY);
    const loaded = await load({ file });
    expect(loaded).toMatchObject({ ok: true, value: { default: "allow", isBuiltIn: false } });
  });

  test("refuses rules about what only an inventory says, where there is none", async () => {
    const file = await written(
      "inventory.yaml",
      `${POLICY}deny_rules: [{ tool: "*", risk: [high] }]`,
    );
    expect(await load({ file })).toEqual({
      ok: false,
      error: [`${file}: risk, classification, side_effects and clearance need an inventory.file`],
    });
  });

  test("builds its facts for the engine that reads them", async () => {
    const loaded = await load({});
    if (!loaded.ok) throw new Error(loaded.error.join());
    const { engine, input } = loaded.value;
    const message = {
      kind: "open_stream",
      id: null,
      method: null,
      tool: null,
      prompt: null,
      uri: null,
      cursor: null,
      revision: "2025-11-25",
      node: null,
      payload: null,
      bytes: 0,
    } as const;
    const built = input.build({
      phase: "request",
      message,
      server: "files",
      findings: [],
      leaves: [],
      principal: {
        id: "a",
        kind: "anonymous",
        roles: [],
        scopes: [],
        claims: {},
        authenticated_by: "none",
      },
      client: { name: null, version: null },
      sessionId: null,
      source: { ip: null, spiffe: null },
      userAgent: null,
    });
    expect(built.facts).toEqual({ complete: true, policy: engine.revision });
    expect(engine.decide(built)).toMatchObject({ ok: true, value: { allow: true } });
  });

  test("names what is wrong with both of its files at once, in the order of reading", async () => {
    const file = await written("wrong.yaml", 'version: "1"\ndefault: no\nextra: 1\n');
    const loaded = await load({ file, bundle: join(folder, "nowhere.tar.gz") });
    expect(loaded).toEqual({
      ok: false,
      error: [
        expect.stringContaining(
          `${join(folder, "nowhere.tar.gz")}: the policy bundle cannot be read`,
        ),
        expect.stringMatching(/wrong\.yaml:1:1: policy_id/),
        expect.stringMatching(/wrong\.yaml:2:10: default/),
        expect.stringMatching(/wrong\.yaml:3:1: extra/),
      ],
    });
  });

  test.each([
    { title: "nothing", content: () => Buffer.alloc(0) },
    { title: "text", content: () => Buffer.from("nonsense") },
    { title: "half a bundle", content: async () => (await readFile(BUNDLE)).subarray(0, 9_000) },
  ])("refuses a bundle that is $title, by its name", async ({ title, content }) => {
    const bundle = await written(`${title}.tar.gz`, await content());
    expect(await load({ bundle })).toEqual({
      ok: false,
      error: [expect.stringMatching(new RegExp(`${title}\\.tar\\.gz: .`))],
    });
  });

  test("refuses a folder in a file's place", async () => {
    expect(await load({ file: folder })).toEqual({
      ok: false,
      error: [`${folder}: the policy cannot be read`],
    });
  });
});

test("the package's version is the one that package.json says", () => {
  expect(packageVersion()).toMatch(/^\d+\.\d+\.\d+/);
});

test.each([
  { endpoint: { kind: "tcp", host: "127.0.0.1", port: 9191 }, address: "127.0.0.1:9191" },
  { endpoint: { kind: "tcp", host: "::1", port: 0 }, address: "[::1]:0" },
  { endpoint: { kind: "unix", path: "/run/i.sock" }, address: "unix:/run/i.sock" },
] as const)("grpcAddress writes $address", ({ endpoint, address }) => {
  expect(grpcAddress(endpoint)).toBe(address);
});

test("a policy about where values come from does not load where nobody looks", async () => {
  const config = defaultConfig({});
  if (!config.ok) throw new Error("the defaults are a configuration");
  const file = await written("flows.yaml", `${POLICY}deny_flows: [{ from: crm }]\n`);
  const policy = { ...config.value.policy, file };
  const load = (flow: "auto" | "off") => loadPolicy({ ...config.value, flow, policy }, STILL_CLOCK);
  expect(await load("auto")).toMatchObject({ ok: true, value: { asksForFlow: true } });
  expect(await load("off")).toEqual({
    ok: false,
    error: [expect.stringContaining("deny_flows needs flow")],
  });
});
