import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { freePort } from "../../support/gateway.ts";
import { createTestKey, goodToken, ISSUER } from "../../support/tokens.ts";
import { toolServer } from "../identity/tool-server.ts";
import { impedance, startImpedance } from "./command.ts";

const key = createTestKey("EdDSA");
let folder = "";

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "impedance-commands-"));
  writeFileSync(join(folder, "jwks.json"), JSON.stringify({ keys: [key.jwk] }));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function write(name: string, text: string): string {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
}

function configuration(upstream: string, jwks = "jwks.json"): string {
  return write(
    "impedance.yaml",
    `
servers: { files: { url: "${upstream}", path: /files/mcp } }
authentication: { tokens: { issuers: { corp: { issuer: "${ISSUER}", jwks_file: ${jwks} } } } }
`,
  );
}

describe("up, where callers are asked who they are", () => {
  test("is found by the doctor who has a token, for the address that it listens on", async () => {
    const upstream = await toolServer();
    const listen = `127.0.0.1:${await freePort()}`;
    await using command = startImpedance([
      ...["up", "--config", configuration(upstream.url), "--listen", listen],
    ]);
    const url = (await command.ready()).href;
    const stranger = await impedance(["doctor", "--url", url]);
    expect(stranger.code).toBe(1);
    expect(stranger.stdout).toContain("show who you are with --token-file FILE");
    const token = write("token", `${goodToken(key, { claims: { aud: url } })}\n`);
    const known = await impedance(["doctor", "--url", url, "--token-file", token]);
    expect(known).toMatchObject({ code: 0, stderr: "" });
    await upstream.stop();
  }, 120_000);

  test("wants to know its address, where it is left open", async () => {
    const config = configuration("http://127.0.0.1:1/mcp");
    const { code, stderr } = await impedance(["up", "--config", config, "--listen", "127.0.0.1:0"]);
    expect(code).toBe(12);
    expect(stderr).toContain("set authentication.public_url");
  });
});

describe("keys that cannot be read", () => {
  test.each([
    { command: "check", exit: 1 },
    { command: "serve", exit: 12 },
  ])("are told by $command", async ({ command, exit }) => {
    const config = configuration("http://127.0.0.1:1/mcp", "nowhere.json");
    const { code, stderr } = await impedance([command, "--config", config]);
    expect(code).toBe(exit);
    expect(stderr).toContain("nowhere.json: the keys of the issuer corp cannot be read");
  });
});

describe("scan", () => {
  test("asks nobody who they are", async () => {
    const config = configuration("http://127.0.0.1:1/mcp");
    const policy = write(
      "policy.yaml",
      'policy_id: a\nversion: "1"\ndefault: deny\nallow_rules: [{ tool: "*" }]\n',
    );
    const line = `${JSON.stringify({ id: "1", text: "hello" })}\n`;
    const { code, stdout } = await impedance(
      ["scan", "--config", config, "--policy", policy],
      line,
    );
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ id: "1", allow: true });
  });
});

describe("keys new", () => {
  test("prints a key once, and an entry with its hash alone", async () => {
    const made = await impedance([
      ...["keys", "new", "--id", "ci", "--roles", "deploy,read"],
      ...["--expires", "2027-01-01T00:00:00Z"],
    ]);
    expect(made.code).toBe(0);
    const shown = made.stdout.trim();
    expect(shown).toMatch(/^imp_[\w-]{43}$/);
    expect(made.stderr).not.toContain(shown);
    const [, entry = ""] = /\n\s+- (\{.*\})/.exec(made.stderr) ?? [];
    const config = write("keys.yaml", `authentication: { api_keys: { keys: [${entry}] } }`);
    expect(await impedance(["check", "--config", config])).toMatchObject({ code: 0 });
  });

  test.each([
    { title: "no id", given: [] },
    { title: "an id that is none", given: ["--id", "a b"] },
    { title: "no time", given: ["--id", "a", "--expires", "tomorrow"] },
    { title: "a role that is none", given: ["--id", "a", "--roles", 'x"'] },
  ])("wants to be told better with $title", async ({ given }) => {
    expect(await impedance(["keys", "new", ...given])).toMatchObject({ code: 2, stdout: "" });
  });
});
