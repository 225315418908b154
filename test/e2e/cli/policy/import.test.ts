import { describe, expect, test } from "vitest";
import { parse } from "yaml";

import { createAuthor, policy } from "./author.ts";

describe("impedance policy import", () => {
  test("carries an allow-list over, and tells what it leaves out", async () => {
    const list = `allowed_tools:
  files: { methods: [read_file, "list_*", resources/read], rate_limit: 10/min, audit: true }
  web: { methods: [search], audit: false, rate_limit: often }
denied_tools: [delete_file, web.fetch]
policy: deny
`;
    await using author = await createAuthor({ "list.yaml": list });
    const file = author.path("list.yaml");
    const { code, stdout, stderr } = await policy(["import", file]);
    expect(code).toBe(1);
    expect(stderr).toBe(
      `impedance: ${file}:3:43: allowed_tools.web.rate_limit is no rate such as 10/min: it was left out\n`,
    );
    expect(stdout).toContain("# left out: allowed_tools.web.rate_limit is no rate");
    expect(parse(stdout)).toEqual({
      policy_id: "imported",
      version: "1",
      default: "deny",
      allow_rules: [
        { tool: "read_file", server: "files" },
        { tool: "list_*", server: "files" },
        { method: "resources/read", server: "files" },
        { tool: "search", server: "web", audit: "none" },
      ],
      deny_rules: [{ tool: "delete_file" }, { tool: "fetch", server: "web" }],
      rate_limits: [{ limit_per_minute: 10, burst: 10, scope: "actor", server: "files" }],
    });
  });

  test("ends with 0 where nothing is left out, and denies where the list says nothing", async () => {
    await using author = await createAuthor({ "list.json": '{"allowed_tools":{"a":["x"]}}' });
    const { code, stdout, stderr } = await policy(["import", author.path("list.json")]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(parse(stdout)).toMatchObject({
      default: "deny",
      allow_rules: [{ tool: "x", server: "a" }],
    });
  });

  test.each([
    { list: "rules: []", error: /is no allow-list/ },
    { list: "allowed_tools: [a]", error: /:1:1: allowed_tools is a map of servers/ },
    { list: "allowed_tools: { a: { methods: read } }", error: /:1:23: .*methods is a list/ },
    { list: "denied_tools: [1]", error: /denied_tools is a list of names/ },
    { list: "policy: maybe", error: /policy is deny or allow/ },
    { list: "a: [", error: /:1:5: is not indented/ },
  ])("refuses $list", async ({ list, error }) => {
    await using author = await createAuthor({ "list.yaml": list });
    const { code, stdout, stderr } = await policy(["import", author.path("list.yaml")]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toMatch(error);
  });
});
