import { describe, expect, test } from "vitest";
import { pathFacts } from "../../../src/policy/path-facts.ts";
import { hasDotSegment, judgePath } from "../../../src/policy/paths.ts";
import { jsonObject } from "./examples.ts";

const ROOTS = [{ name: "projects", path: "/srv/projects" }];

test.each([
  "../a",
  "a/../../b",
  "a/../..",
  "/a/../b",
  "/srv/projects/../../etc/hosts",
  "..\\a",
  "C:\\a\\..\\b",
  "%2e%2e/a",
  "%2E%2e%2fa",
  "%252e%252e/a",
  "..%5ca",
  "%c0%ae%c0%ae/a",
  "..%c0%afa",
  ".. /a",
  "a\0.txt",
  "a%00.txt",
  "file:///a/../b",
  "file:../b",
  "file://localhost/a/%2e%2e/b",
  "~/../b",
])("%j climbs", (path) => {
  expect(judgePath(path, ROOTS).traversal).toBe(true);
});

test.each([
  "a/../b",
  "a/b/../../c",
  "./a",
  "a..b/c",
  "..a/b",
  ".../a",
  "a/..b",
  "/a/b..",
  "%2e/a",
  "file:///a/b",
  "100%/a",
  "",
])("%j does not climb", (path) => {
  expect(judgePath(path, ROOTS).traversal).toBe(false);
});

test.each([
  "/proc/self/environ",
  "/sys",
  "/etc/shadow",
  "/etc/passwd",
  "//etc///shadow",
  "/etc/./shadow",
  "/ETC/Shadow",
  "/etc%2fshadow",
  "\\proc\\self",
  "file:///etc/shadow",
  "~/.ssh/config",
  "/home/a/.ssh",
  "home/.aws/credentials",
  ".env",
  "app/.env.production",
  "keys/id_rsa",
  "/var/run/secrets/kubernetes.io/token",
  "a/../.env",
])("%j is sensitive", (path) => {
  expect(judgePath(path, ROOTS).sensitive).toBe(true);
});

test.each([
  "/processes/a",
  "proc/a",
  "/etc/hosts",
  "/srv/etc/shadow",
  ".env.example",
  "src/env.ts",
  ".environment",
  "id_rsa.pub.md",
  "docs/ssh/readme",
  ".aws/readme",
])("%j is not sensitive", (path) => {
  expect(judgePath(path, ROOTS).sensitive).toBe(false);
});

test.each([
  { path: "/srv/projects", root: "projects" },
  { path: "/srv/projects/a.ts", root: "projects" },
  { path: "file:///srv/projects/a%20b.ts", root: "projects" },
  { path: "/srv//projects/./a", root: "projects" },
  { path: "/srv/projects2/a", root: null },
  { path: "/srv/projects/../x", root: null },
  { path: "/srv/projects/%2e%2e/x", root: null },
  { path: "srv/projects/a", root: null },
])("$path lies under $root", ({ path, root }) => {
  expect(judgePath(path, ROOTS).root).toBe(root);
});

test.each([
  { path: "a/b.TS", ext: "ts" },
  { path: "a.tar.gz", ext: "gz" },
  { path: "file:///a%2ets", ext: "ts" },
  { path: ".env", ext: null },
  { path: "a.b/c", ext: null },
  { path: "a.", ext: null },
])("the extension of $path is $ext", ({ path, ext }) => {
  expect(judgePath(path, ROOTS).ext).toBe(ext);
});

test("a path without end is judged in linear time", () => {
  expect(judgePath("a/../".repeat(100_000), ROOTS).traversal).toBe(false);
  expect(judgePath("%25".repeat(300_000), ROOTS).traversal).toBe(false);
});

test.each([
  { uri: "demo://a/../b", dots: true },
  { uri: "demo:..", dots: true },
  { uri: "demo://a/%2e%2e/b", dots: true },
  { uri: "demo://a/b?x=../c", dots: false },
  { uri: "demo://a..b/c", dots: false },
])("hasDotSegment of $uri is $dots", ({ uri, dots }) => {
  expect(hasDotSegment(uri)).toBe(dots);
});

describe("pathFacts", () => {
  const judged = (params: unknown, roots = ROOTS) => pathFacts(jsonObject(params).node, roots);

  test.each([
    "path",
    "paths",
    "file",
    "filePath",
    "output_dir",
    "Target-Directory",
    "source",
    "cwd",
  ])("reads the argument %s as a path", (key) => {
    expect(judged({ arguments: { [key]: "/a" } })).toMatchObject({
      paths: [{ at: `/params/arguments/${key}`, root: null }],
      rawPaths: 1,
    });
  });

  test.each(["text", "query", "jsonPath", "xpath", "data_source", "profile", "redirect"])(
    "does not read the argument %s as one",
    (key) => {
      expect(judged({ arguments: { [key]: "/a/../b" } })).toEqual({ paths: [], rawPaths: 0 });
    },
  );

  test("reads file: URIs wherever they stand, and lists of paths", () => {
    const facts = judged({
      arguments: { text: "file:///etc/shadow", paths: ["/srv/projects/a", "b"] },
    });
    expect(facts).toEqual({
      paths: [
        { at: "/params/arguments/text", root: null, ext: null, traversal: false, sensitive: true },
        {
          at: "/params/arguments/paths/0",
          root: "projects",
          ext: null,
          traversal: false,
          sensitive: false,
        },
        {
          at: "/params/arguments/paths/1",
          root: null,
          ext: null,
          traversal: false,
          sensitive: false,
        },
      ],
      rawPaths: 1,
    });
  });

  test("tells of a resource whose URI climbs, and leaves _meta to the protocol", () => {
    expect(judged({ uri: "demo://a/../b" })).toMatchObject({
      paths: [{ at: "/params/uri", traversal: true }],
    });
    expect(judged({ uri: "demo://a/b", _meta: { path: "/a/../b" } }).paths).toEqual([]);
  });

  test("counts no raw paths where no root is configured", () => {
    expect(judged({ arguments: { path: "/a" } }, []).rawPaths).toBe(null);
  });

  test("puts the bad ones first, so that none of them is cut off", () => {
    const paths = [...Array.from({ length: 200 }, (_, at) => `a${at}`), "../x"];
    const facts = judged({ arguments: { paths } });
    expect(facts.paths.length).toBe(64);
    expect(facts.paths[0]).toMatchObject({ at: "/params/arguments/paths/200", traversal: true });
  });
});
