import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";

import { freePort, startGateway } from "../../support/gateway.ts";
import { startServe } from "../../support/serve-process.ts";
import { createTestKey, goodToken, ISSUER } from "../../support/tokens.ts";
import { impedance } from "../cli/command.ts";
import { toolServer } from "./tool-server.ts";

test("a bad token is in the account of who came, once, and nothing of the token is", async () => {
  const folder = mkdtempSync(join(tmpdir(), "impedance-auth-log-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const [known, stranger] = [createTestKey("RS256"), createTestKey("RS256")];
  writeFileSync(join(folder, "keys.json"), JSON.stringify({ keys: [known.jwk] }));
  const log = join(folder, "decisions.jsonl");
  const upstream = await toolServer();
  onTestFinished(() => upstream.stop());
  await using serve = await startServe({
    port: await freePort(),
    config: `
servers: { files: { url: "${upstream.url}", path: /files/mcp } }
audit: { sink: file, file: ${JSON.stringify(log)} }
authentication:
  public_url: https://gateway.example.com
  tokens: { issuers: { corp: { issuer: "${ISSUER}", jwks_file: ${JSON.stringify(join(folder, "keys.json"))} } } }
`,
  });
  await using gateway = await startGateway({
    upstreams: [{ id: "files", url: upstream.url, path: "/files/mcp" }],
    service: serve,
  });
  const post = async (token: string) => {
    const answer = await fetch(gateway.url("/files/mcp"), {
      method: "POST",
      headers: {
        "content-type": "application/json",
        accept: "application/json, text/event-stream",
        authorization: `Bearer ${token}`,
      },
      body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "ping" }),
    });
    return answer.status;
  };
  const forged = goodToken(stranger);
  expect([await post(forged), await post(forged), await post(goodToken(known))]).toEqual([
    401, 401, 200,
  ]);
  serve.kill("SIGTERM");
  await serve.exited;

  const told = await impedance(["log", "tail", log, "--only", "auth"]);
  const lines = told.stdout.trim().split("\n");
  expect(lines.filter((line) => line.includes("token_refused"))).toEqual([
    expect.stringMatching(/@ auth +files +token_refused method=token code=token_\w+ before=0$/),
  ]);
  const text = readFileSync(log, "utf8");
  for (const part of forged.split(".")) expect(text).not.toContain(part);
  const verified = await impedance(["log", "verify", log]);
  expect(verified.code).toBe(0);
});
