import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { createTar } from "nanotar";
import { beforeAll, expect, test } from "vitest";
import { readBundle } from "../../../src/policy/bundle.ts";
import { readTar } from "../../../src/policy/tar.ts";
import { buildBundle } from "./build-bundle.ts";

const POLICY = `package mcp.firewall

# METADATA
# entrypoint: true
decision := {"allow": data.impedance.open}
`;

let built: Uint8Array;

beforeAll(async () => {
  built = await buildBundle({ "p.rego": POLICY, "impedance/data.json": '{"open": true}' });
});

function archive(files: { readonly [name: string]: string }): Uint8Array {
  return gzipSync(createTar(Object.entries(files).map(([name, data]) => ({ name, data }))));
}

test("readBundle unpacks what opa built", async () => {
  expect(await readBundle(built)).toEqual({
    ok: true,
    value: {
      revision: "sha256:test",
      digest: expect.stringMatching(/^sha256:[0-9a-f]{64}$/),
      wasm: expect.any(Uint8Array),
      data: { impedance: { open: true } },
      patterns: { facts: expect.any(Function) },
      looks: { reads: null, compared: [], numbers: [] },
    },
  });
});

test("readBundle takes the digest for the revision of a bundle without one", async () => {
  const bundle = await readBundle(archive({ "policy.wasm": "x" }));
  expect(bundle.ok && bundle.value.revision === bundle.value.digest).toBe(true);
});

const LISTED =
  'package mcp.lib.asked\nreasons contains ["a", b] if some b in data.mcp.rules.a.reasons\n';
const EVERYBODY =
  "package mcp.lib.asked\nreasons contains [name, b] if some b in data.mcp.rules[name].reasons\n";

function manifest(wasm: string, reads: unknown): string {
  const digest = createHash("sha256").update(wasm).digest("hex");
  return JSON.stringify({ metadata: { impedance: { wasm: `sha256:${digest}`, reads } } });
}

test.each([
  {
    title: "what the manifest says of the policy.wasm beside it",
    files: { ".manifest": manifest("x", [["phase"]]), "asked.rego": LISTED },
    reads: [["phase"]],
  },
  {
    title: "all of the input where nobody says what is read",
    files: { "asked.rego": EVERYBODY },
    reads: null,
  },
])("readBundle takes for read $title", async ({ files, reads }) => {
  const bundle = await readBundle(archive({ "policy.wasm": "x", ...files }));
  expect(bundle.ok && bundle.value.looks.reads).toEqual(reads);
});

test.each([
  { title: "a list of rule packages that nothing vouches for", files: { "asked.rego": LISTED } },
  {
    title: "a list of what is read by another policy.wasm",
    files: { ".manifest": manifest("y", [["phase"]]) },
  },
  {
    title: "a list of rule packages of another policy.wasm",
    files: { ".manifest": manifest("y", null), "asked.rego": LISTED },
  },
  { title: "a list that is none", files: { ".manifest": manifest("x", ["phase"]) } },
])("readBundle refuses $title", async ({ files }) => {
  expect(await readBundle(archive({ "policy.wasm": "x", ...files }))).toMatchObject({
    ok: false,
    error: { code: "bundle_malformed" },
  });
});

test.each([
  { title: "nothing", bytes: () => new Uint8Array(), code: "bundle_unreadable" },
  { title: "text", bytes: () => new TextEncoder().encode("hello"), code: "bundle_unreadable" },
  {
    title: "a gzip file cut short",
    bytes: () => built.subarray(0, 4000),
    code: "bundle_unreadable",
  },
  { title: "gzip around no archive", bytes: () => gzipSync("hello"), code: "bundle_unreadable" },
  {
    title: "an archive cut short",
    bytes: () =>
      gzipSync(createTar([{ name: "policy.wasm", data: "x".repeat(4096) }]).slice(0, 2048)),
    code: "bundle_unreadable",
  },
  {
    title: "a member that comes twice",
    bytes: () =>
      gzipSync(
        createTar([
          { name: "policy.wasm", data: "a" },
          { name: "./policy.wasm", data: "b" },
        ]),
      ),
    code: "bundle_unreadable",
  },
  {
    title: "an archive without a policy",
    bytes: () => archive({ "data.json": "{}" }),
    code: "bundle_incomplete",
  },
  {
    title: "data that is no JSON",
    bytes: () => archive({ "policy.wasm": "x", "data.json": "{" }),
    code: "bundle_malformed",
  },
  {
    title: "a manifest that is a list",
    bytes: () => archive({ "policy.wasm": "x", ".manifest": "[]" }),
    code: "bundle_malformed",
  },
  {
    title: "a gzip bomb",
    bytes: () => gzipSync(new Uint8Array(130 * 1024 * 1024)),
    code: "bundle_too_large",
  },
  {
    title: "a file over the limit",
    bytes: () => new Uint8Array(33 * 1024 * 1024),
    code: "bundle_too_large",
  },
])("readBundle refuses $title", async ({ bytes, code }) => {
  expect(await readBundle(bytes())).toEqual({
    ok: false,
    error: { code, detail: expect.any(String) },
  });
});

test("readTar ends on any archive with one byte changed, and finds the headers' changes", () => {
  const original = createTar([{ name: "policy.wasm", data: "abc" }]);
  fc.assert(
    fc.property(fc.nat(511), fc.integer({ min: 1, max: 255 }), (at, change) => {
      const changed = original.slice();
      changed[at] = (changed[at] ?? 0) ^ change;
      const files = readTar(changed);
      // Within the checksum's own field a change may only alter how it is padded.
      if (at < 148 || at > 155) expect(files.ok).toBe(false);
    }),
  );
});

test("readBundle never throws on noise", async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 2048 }), async (noise) => {
      expect((await readBundle(gzipSync(noise))).ok).toBe(false);
    }),
  );
});
