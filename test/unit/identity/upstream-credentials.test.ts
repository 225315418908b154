import { mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";

import { createUpstreamCredentials } from "../../../src/identity/upstream-credentials.ts";
import { headOf } from "../../golden/data-path.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "impedance-upstream-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const HEAD = headOf({
  server: "files",
  headers: { authorization: "Bearer caller", cookie: "a=b" },
});
const own = (path: string, scheme = "Bearer") => ({
  header: "authorization",
  scheme,
  value: { kind: "file", path } as const,
});

test("what callers showed is taken away, and nothing that they did not", () => {
  const withheld = ["authorization", "cookie", "x-api-key"];
  const upstream = createUpstreamCredentials(() => ({ withheld, own: null }), {
    monotonic: () => 0,
  });
  expect(upstream.replace(HEAD)).toEqual({ set: [], remove: ["authorization", "cookie"] });
  const passing = createUpstreamCredentials(() => ({ withheld: [], own: null }), {
    monotonic: () => 0,
  });
  expect(passing.replace(HEAD)).toEqual({ set: [], remove: [] });
});

test("a server is shown what its file holds now, and nothing goes on without it", () => {
  let now = 0;
  const path = join(folder, "token");
  const access = { withheld: ["authorization"], own: own(path) };
  const upstream = createUpstreamCredentials(() => access, { monotonic: () => now });
  const step = () => {
    now += 1_000;
    return upstream.replace(HEAD);
  };
  expect(step()).toBeNull();
  writeFileSync(path, "one\n");
  expect(step()).toEqual({ set: [["authorization", "Bearer one"]], remove: [] });
  writeFileSync(`${path}.next`, "two");
  renameSync(`${path}.next`, path);
  expect(step()).toEqual({ set: [["authorization", "Bearer two"]], remove: [] });
  writeFileSync(path, "three\nlines: 4");
  expect(step()).toBeNull();
});

test("anybody's question what a page may is not asked with the server's credential", () => {
  const value = { kind: "fixed", reveal: () => Buffer.from("word") } as const;
  const access = { withheld: ["cookie"], own: { header: "x-key", scheme: "", value } };
  const upstream = createUpstreamCredentials(() => access, { monotonic: () => 0 });
  const preflight = { ...HEAD, method: "OPTIONS" };
  expect(upstream.replace(preflight)).toEqual({ set: [], remove: ["cookie"] });
});

test("a value of the environment stands there as it is, with no scheme where none is wanted", () => {
  const value = { kind: "fixed", reveal: () => Buffer.from("user:word") } as const;
  const access = { withheld: [], own: { header: "x-key", scheme: "", value } };
  const upstream = createUpstreamCredentials(() => access, { monotonic: () => 0 });
  expect(upstream.replace(HEAD)).toEqual({ set: [["x-key", "user:word"]], remove: [] });
});
