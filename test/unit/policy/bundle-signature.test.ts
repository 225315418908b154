import { execFile } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { gunzipSync, gzipSync } from "node:zlib";
import { createTar, parseTar } from "nanotar";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { readBundle } from "../../../src/policy/bundle.ts";
import type { VerificationKey } from "../../../src/policy/bundle-signature.ts";

const run = promisify(execFile);
const REGO = `package mcp.firewall

# METADATA
# entrypoint: true
# scope: document
decision := {"allow": data.open}
`;
const DATA = '{"open":true,"z":{"b":[1,2.5,"<é>"],"a":null},"a":"x&y"}';

const KEYS = [
  { algorithm: "RS256", pair: generateKeyPairSync("rsa", { modulusLength: 2048 }) },
  { algorithm: "ES256", pair: generateKeyPairSync("ec", { namedCurve: "P-256" }) },
] as const;

let folder: string;
const bundles = new Map<string, Buffer>();

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "impedance-signed-"));
  await writeFile(join(folder, "policy.rego"), REGO);
  await writeFile(join(folder, "data.json"), DATA);
  bundles.set("unsigned", await build([]));
  for (const { algorithm, pair } of KEYS) {
    const key = join(tmpdir(), `impedance-${process.pid}-${algorithm}.pem`);
    const type = algorithm === "ES256" ? "sec1" : "pkcs1";
    await writeFile(key, pair.privateKey.export({ type, format: "pem" } as never));
    bundles.set(algorithm, await build(["--signing-alg", algorithm, "--signing-key", key]));
    await rm(key);
  }
});

afterAll(() => rm(folder, { recursive: true }));

async function build(flags: readonly string[]): Promise<Buffer> {
  const output = join(tmpdir(), `impedance-${process.pid}-bundle.tar.gz`);
  const installed = resolve(import.meta.dirname, "../../../.tools/bin/opa");
  const opa = process.env.IMPEDANCE_OPA ?? (existsSync(installed) ? installed : "opa");
  await run(opa, ["build", "-t", "wasm", "-b", folder, ...flags, "-o", output]);
  const bytes = await readFile(output);
  await rm(output);
  return bytes;
}

function bundle(name: string): Buffer {
  const bytes = bundles.get(name);
  if (bytes === undefined) throw new Error(`no bundle ${name}`);
  return bytes;
}

function keyOf(algorithm: "RS256" | "ES256"): VerificationKey {
  const pair = KEYS.find((key) => key.algorithm === algorithm)?.pair;
  if (pair === undefined) throw new Error(`no key ${algorithm}`);
  return { algorithm, pem: Buffer.from(pair.publicKey.export({ type: "spki", format: "pem" })) };
}

type Files = { name: string; data: string | Uint8Array | undefined }[];

/** The bundle with its files changed, packed again. */
function changed(name: string, change: (files: Files) => Files): Buffer {
  const files = parseTar(gunzipSync(bundle(name))).map((file) => ({
    name: file.name,
    data: file.data,
  }));
  return gzipSync(createTar(change(files) as Parameters<typeof createTar>[0]));
}

describe("a bundle signed by the real compiler", () => {
  test.each(KEYS)("is read with its key ($algorithm)", async ({ algorithm }) => {
    expect(await readBundle(bundle(algorithm), keyOf(algorithm))).toMatchObject({ ok: true });
  });

  test("is read where no key is asked for", async () => {
    expect(await readBundle(bundle("RS256"))).toMatchObject({ ok: true });
  });

  test("may have its JSON spelled otherwise", async () => {
    const respelled = changed("RS256", (files) =>
      files.map((file) =>
        file.name.endsWith("data.json")
          ? {
              ...file,
              data: JSON.stringify(JSON.parse(String(Buffer.from(file.data ?? ""))), null, 2),
            }
          : file,
      ),
    );
    expect(await readBundle(respelled, keyOf("RS256"))).toMatchObject({ ok: true });
  });
});

describe("a bundle is refused where a key is asked for, if", () => {
  test.each([
    { title: "it is not signed", bytes: () => bundle("unsigned"), says: /not signed/ },
    { title: "another key signed it", bytes: () => bundle("ES256"), says: /not by/ },
    {
      title: "a value of its data was changed",
      bytes: () =>
        changed("RS256", (files) =>
          files.map((file) =>
            file.name.endsWith("data.json")
              ? { ...file, data: DATA.replace("true", "false") }
              : file,
          ),
        ),
      says: /data\.json is not what was signed/,
    },
    {
      title: "its module was changed",
      bytes: () =>
        changed("RS256", (files) =>
          files.map((file) =>
            file.name.endsWith("policy.wasm")
              ? { ...file, data: Buffer.concat([Buffer.from(file.data ?? ""), Buffer.alloc(1)]) }
              : file,
          ),
        ),
      says: /policy\.wasm is not what was signed/,
    },
    {
      title: "a file was added",
      bytes: () => changed("RS256", (files) => [...files, { name: "more/data.json", data: "{}" }]),
      says: /more\/data\.json is not what was signed/,
    },
    {
      title: "a file is missing",
      bytes: () => changed("RS256", (files) => files.filter(({ name }) => !name.endsWith(".rego"))),
      says: /policy\.rego was signed and is missing/,
    },
    {
      title: "its signatures are nonsense",
      bytes: () =>
        changed("RS256", (files) =>
          files.map((file) =>
            file.name.endsWith(".signatures.json") ? { ...file, data: "[]" } : file,
          ),
        ),
      says: /exactly one signature/,
    },
    {
      title: "its token has no algorithm",
      bytes: () =>
        changed("RS256", (files) =>
          files.map((file) =>
            file.name.endsWith(".signatures.json") ? { ...file, data: unsigned(file.data) } : file,
          ),
        ),
      says: /not by/,
    },
  ])("$title", async ({ bytes, says }) => {
    expect(await readBundle(bytes(), keyOf("RS256"))).toEqual({
      ok: false,
      error: { code: "bundle_unverified", detail: expect.stringMatching(says) },
    });
  });
});

/** The same claims under `alg: none`. */
function unsigned(data: string | Uint8Array | undefined): string {
  const { signatures } = JSON.parse(String(Buffer.from(data ?? ""))) as { signatures: [string] };
  const [, payload] = signatures[0].split(".");
  const header = Buffer.from('{"alg":"none"}').toString("base64url");
  return JSON.stringify({ signatures: [`${header}.${payload}.`] });
}
