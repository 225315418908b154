import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { loadConfig } from "../../../../src/config/load-config.ts";
import { createSignedSource } from "../../../../src/server/posture/signed-source.ts";
import { systemClock } from "../../../../src/server/system.ts";
import {
  type PostureServer,
  signedReport,
  startPostureServer,
  unsignedReport,
} from "../../../support/posture-source.ts";
import { createTestKey } from "../../../support/tokens.ts";

const key = createTestKey("EdDSA", "one");
const other = createTestKey("EdDSA", "two");
const ecKey = createTestKey("ES256", "ec");

let server: PostureServer;
let folder: string;

beforeEach(async () => {
  server = await startPostureServer(key);
  folder = await mkdtemp(join(tmpdir(), "impedance-source-"));
});
afterEach(async () => {
  await server[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

/** As a configuration would have it. */
function sourceWith(more = "") {
  const text = `posture: { source: { url: "${server.url}", issuer: "${server.issuer}",
    jwks_uri: "${server.issuer}/jwks", deadline_ms: 500${more} } }`;
  const config = loadConfig(text, join(folder, "impedance.yaml"), {});
  if (!config.ok) throw new Error(JSON.stringify(config.error));
  const { source } = config.value.posture;
  if (source === null) throw new Error("no source");
  return createSignedSource(source, systemClock, () => {});
}

describe("a source's word", () => {
  test("is taken with the signature of its issuer", async () => {
    const answer = await sourceWith()();
    expect(answer).toMatchObject({ ok: true });
    if (!answer.ok) return;
    expect([...answer.value.host]).toEqual([["edr_running", true]]);
    expect([...answer.value.devices]).toEqual([["laptop-1", { compliant: true }]]);
  });

  test("ends with its exp, or when it is as old as it may be, whichever is sooner", async () => {
    const iat = Math.floor(Date.now() / 1_000) - 10;
    const claims = { iat, exp: iat + 10_000 };
    server.answer = (response) => response.end(signedReport(key, server.issuer, { claims }));
    const old = await sourceWith(", max_age_s: 60")();
    expect(old.ok && old.value.endsAtMs).toBe((iat + 60) * 1_000);
    const long = await sourceWith(", max_age_s: 20000")();
    expect(long.ok && long.value.endsAtMs).toBe((iat + 10_000) * 1_000);
  });

  test("is taken by a new key as soon as it is published, and no more by one that is gone", async () => {
    const ask = sourceWith(", jwks_cooldown_s: 1, jwks_max_age_s: 1");
    expect((await ask()).ok).toBe(true);
    server.keys = [key, other];
    server.answer = (response) => response.end(signedReport(other, server.issuer));
    expect((await ask()).ok).toBe(true);
    server.keys = [other];
    server.answer = (response) => response.end(signedReport(key, server.issuer));
    const deadline = Date.now() + 5_000;
    let answer = await ask();
    while (answer.ok && Date.now() < deadline) answer = await ask();
    expect(answer).toEqual({
      ok: false,
      error: "its signature does not hold (token_key_unknown)",
    });
  });

  test("is asked for with the token of a file, read anew each time", async () => {
    await writeFile(join(folder, "t"), "first\n");
    const ask = sourceWith(", token_file: t");
    await ask();
    await writeFile(join(folder, "t"), "second\n");
    await ask();
    expect(server.shown).toEqual(["Bearer first", "Bearer second"]);
    await rm(join(folder, "t"));
    expect(await ask()).toMatchObject({
      ok: false,
      error: expect.stringContaining("cannot be read"),
    });
  });
});

describe("what is refused", () => {
  const signed = (different: Parameters<typeof signedReport>[2], by = key) =>
    signedReport(by, server.issuer, different);

  test.each([
    { title: "a signature by another key", make: () => signed({}, other), error: "key_unknown" },
    {
      title: "a signature by another key under the same name",
      make: () => signed({ header: { kid: "one" } }, other),
      error: "signature",
    },
    {
      title: "an algorithm that is not taken for that key",
      make: () => signed({ header: { kid: "one" } }, ecKey),
      error: "key_unknown",
    },
    { title: "no signature", make: () => unsignedReport(server.issuer), error: "algorithm" },
    {
      title: "a token of another kind by the same issuer",
      make: () => signed({ header: { typ: "at+jwt" } }),
      error: "type",
    },
    {
      title: "a word for somebody else",
      make: () => signed({ claims: { aud: "other" } }),
      error: "audience",
    },
    {
      title: "a word of another issuer",
      make: () => signed({ claims: { iss: "https://evil.example" } }),
      error: "issuer",
    },
    { title: "an old word", make: () => signed({ claims: { iat: 1_000 } }), error: "too_old" },
    {
      title: "a word that has ended",
      make: () => signed({ claims: { exp: 1_000 } }),
      error: "exp",
    },
    {
      title: "a word without an age",
      make: () => signed({ claims: { iat: "x" } }),
      error: "claims",
    },
    {
      title: "a header that nobody signed",
      make: () => signed({ more: { header: { kid: "x" } } }),
      error: "no signed JSON",
    },
    { title: "no claim posture", make: () => signed({ claims: { posture: 1 } }), error: "posture" },
    { title: "JSON of another form", make: () => "[]", error: "no signed JSON" },
    { title: "no JSON", make: () => "yes", error: "no JSON" },
    { title: "too much", make: () => " ".repeat(1024 * 1024 + 1), error: "too much" },
  ])("$title", async ({ make, error }) => {
    server.answer = (response) => response.end(make());
    const answer = await sourceWith()();
    expect(answer).toMatchObject({ ok: false, error: expect.stringContaining(error) });
  });

  test("an answer that somebody else gives", async () => {
    server.answer = (response) => {
      response.writeHead(302, { location: `${server.issuer}/jwks` }).end();
    };
    expect(await sourceWith()()).toEqual({ ok: false, error: "answers HTTP 302" });
  });

  test("an answer that never ends", async () => {
    server.answer = (response) => void response.write('{"protected":');
    expect(await sourceWith()()).toMatchObject({ ok: false });
  });
});
