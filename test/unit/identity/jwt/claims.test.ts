import { describe, expect, test } from "vitest";

import type { ClaimMapping } from "../../../../src/core/authentication.ts";
import { claimAt, mapped, visibleClaims } from "../../../../src/identity/jwt/claims.ts";

const CLAIMS = {
  scope: "files:read  files:write",
  groups: ["staff", "admins"],
  realm_access: { roles: ["dev"] },
  "https://example.com/roles": ["auditor"],
  "a~b": 1,
  tenant: { id: "t1" },
};

describe("claimAt", () => {
  test.each([
    { path: "scope", value: CLAIMS.scope },
    { path: "realm_access.roles", value: ["dev"] },
    { path: "/realm_access/roles", value: ["dev"] },
    { path: "/https:~1~1example.com~1roles", value: ["auditor"] },
    { path: "/a~0b", value: 1 },
    { path: "groups.0", value: undefined },
    { path: "nothing.there", value: undefined },
    { path: "constructor", value: undefined },
    { path: "__proto__", value: undefined },
    { path: "scope.length", value: undefined },
  ])("finds at $path what stands there", ({ path, value }) => {
    expect(claimAt(CLAIMS, path)).toEqual(value);
  });
});

const mapping = (claims: readonly string[], prefix = "", map: [string, string[]][] = []) => {
  const made: ClaimMapping = { claims, prefix, map: new Map(map) };
  return made;
};

describe("roles and scopes", () => {
  test.each([
    {
      title: "of one text, divided at spaces",
      from: mapping(["scope"]),
      names: ["files:read", "files:write"],
    },
    {
      title: "of several claims, each once",
      from: mapping(["groups", "realm_access.roles", "groups"]),
      names: ["staff", "admins", "dev"],
    },
    {
      title: "with a prefix",
      from: mapping(["groups"], "corp-"),
      names: ["corp-staff", "corp-admins"],
    },
    {
      title: "by a table, and nothing that is not in it",
      from: mapping(["groups"], "corp-", [["admins", ["admin", "dev"]]]),
      names: ["admin", "dev"],
    },
    { title: "of claims that are not there", from: mapping(["none"]), names: [] },
  ])("are made $title", ({ from, names }) => {
    expect(mapped(CLAIMS, from)).toEqual(names);
  });

  test.each([
    { title: "an object", value: {} },
    { title: "a number", value: 7 },
    { title: "a list with a number", value: ["a", 1] },
    { title: "a list with a line break", value: ["a\nb"] },
    { title: "a list with nothing in it", value: [""] },
    { title: "half a pair", value: ["\ud800"] },
    { title: "more than can be", value: Array.from({ length: 513 }, (_, at) => `r${at}`) },
    { title: "a role without an end", value: ["r".repeat(513)] },
  ])("are not made of $title", ({ value }) => {
    expect(mapped({ groups: value }, mapping(["groups"]))).toBeNull();
  });
});

describe("the claims that a policy sees", () => {
  test("are those that were named, by the names they were named by", () => {
    expect(visibleClaims(CLAIMS, ["tenant.id", "groups", "none"])).toEqual({
      "tenant.id": "t1",
      groups: ["staff", "admins"],
    });
  });

  test.each([
    { title: "one that is large", claims: { a: "x".repeat(2048) } },
    { title: "one with half a pair in it", claims: { a: "\ud800" } },
  ])("are none of a token with $title", ({ claims }) => {
    expect(visibleClaims(claims, ["a"])).toBeNull();
  });

  test("are none of a token in which they are too much together", () => {
    const claims = Object.fromEntries(
      Array.from({ length: 6 }, (_, at) => [`c${at}`, "x".repeat(1500)]),
    );
    expect(visibleClaims(claims, Object.keys(claims))).toBeNull();
    expect(visibleClaims(claims, ["c0", "c1"])).not.toBeNull();
  });
});
