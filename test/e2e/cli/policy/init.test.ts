import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse } from "yaml";

import { type RunningServer, startEverything } from "../../../support/mcp.ts";
import { impedance } from "../command.ts";
import { createAuthor, policy } from "./author.ts";

const TOOLS = {
  tools: [
    { name: "read_file", inputSchema: { properties: { path: {} } } },
    { name: "write_file", inputSchema: { properties: { path: {} } } },
    { name: "run_command", inputSchema: { properties: { command: {} } } },
    { name: "get_weather", annotations: { readOnlyHint: true } },
    { name: "get_rid_of_it", annotations: { destructiveHint: true } },
    { name: "frobnicate", annotations: { readOnlyHint: true } },
    { name: "list_*\n  - { tool: '*' }" },
    { name: 'say_"hello"\u2028' },
  ],
};

let everything: RunningServer;

beforeAll(async () => {
  everything = await startEverything();
});

afterAll(() => everything.stop());

describe("impedance policy init", () => {
  test("allows what seems to read, denies what seems to do more, and calls a guess a guess", async () => {
    await using author = await createAuthor({ "tools.json": JSON.stringify(TOOLS) });
    const output = author.path("policy.yaml");
    const from = ["init", "--from", author.path("tools.json"), "--server", "files"];
    const { code, stdout } = await policy([...from, "-o", output]);
    expect({ code, stdout }).toEqual({ code: 0, stdout: "" });
    const text = await readFile(output, "utf8");
    const named = (rules: readonly { readonly tool: string }[]) => rules.map(({ tool }) => tool);
    const { default: byDefault, allow_rules, deny_rules } = parse(text);
    expect(byDefault).toBe("deny");
    expect(named(allow_rules)).toEqual(["get_weather", "read_file"]);
    expect(named(deny_rules)).toEqual(["get_rid_of_it", "run_command", "write_file"]);
    expect(text).toContain('  # guess: FS_WRITE\n  - { tool: "write_file", server: "files"');
    expect(text).toContain('  # - { tool: "frobnicate", server: "files" }');

    const checked = await impedance(["check", "--policy", output]);
    expect(checked).toMatchObject({ code: 0, stderr: "" });
    expect((await policy([...from, "-o", output])).stderr).toContain("is there already");
    expect(await readFile(output, "utf8")).toBe(text);
  });

  test("asks a live server, and what it writes passes the check and the linter", async () => {
    await using author = await createAuthor();
    const output = author.path("policy.yaml");
    const { code, json } = await policy([
      ...["init", "--from", everything.url, "--server", "everything"],
      ...["-o", output, "--format", "json"],
    ]);
    expect({ code, file: json.file }).toEqual({ code: 0, file: output });
    const names: readonly string[] = json.tools.map(({ name }: { name: string }) => name);
    expect(names).toContain("echo");
    expect((await impedance(["check", "--policy", output])).code).toBe(0);
    const linted = await policy(["lint", output, "--ignore", "untested_rule"]);
    expect(linted).toMatchObject({ code: 0 });
  });

  test("takes a person's word on side effects from an inventory for more than a guess", async () => {
    const inventory = `servers:
  files:
    tools:
      stage: { side_effects: [FS_READ] }
      fetch_it: { side_effects: [FS_READ], guessed: true }
`;
    await using author = await createAuthor({ "tools.yaml": inventory });
    const { json } = await policy([
      ...["init", "--from", author.path("tools.yaml"), "--format", "json"],
    ]);
    expect(json.tools).toEqual([
      {
        ...{ server: "files", name: "fetch_it", decision: "unclear" },
        ...{ side_effects: ["FS_READ"], guessed: true },
      },
      {
        ...{ server: "files", name: "stage", decision: "allow" },
        ...{ side_effects: ["FS_READ"], guessed: false },
      },
    ]);
  });

  test("says what it cannot read", async () => {
    await using author = await createAuthor({ "x.json": "[]" });
    expect((await policy(["init"])).code).toBe(2);
    expect((await policy(["init", "--from", author.path("x.json")])).stderr).toContain(
      "names no tool",
    );
    const closed = await policy(["init", "--from", "http://127.0.0.1:1/mcp"]);
    expect(closed).toMatchObject({ code: 1, stdout: "" });
  });
});
