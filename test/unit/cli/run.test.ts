import { readFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

import { run } from "../../../src/cli/run.ts";

const COMMANDS = ["up", "serve", "check", "scan", "doctor", "health"];
const LOG_COMMANDS = ["verify", "tail", "show", "ship", "keygen"];
const manifest: { readonly version: string } = JSON.parse(
  readFileSync(new URL("../../../package.json", import.meta.url), "utf8"),
);

let stdout = "";
let stderr = "";

beforeEach(() => {
  stdout = "";
  stderr = "";
  vi.spyOn(process.stdout, "write").mockImplementation((text) => {
    stdout += String(text);
    return true;
  });
  vi.spyOn(process.stderr, "write").mockImplementation((text) => {
    stderr += String(text);
    return true;
  });
});

afterEach(() => {
  vi.restoreAllMocks();
});

async function outcomeOf(args: readonly string[]) {
  const code = await run(args);
  return { code, stdout, stderr };
}

test.each([["--help"], ["-h"], ["help"]])(
  "%s lists each command with a line of its own",
  async (flag) => {
    expect(await outcomeOf([flag])).toMatchObject({ code: 0, stderr: "" });
    for (const name of [...COMMANDS, "log"])
      expect(stdout).toMatch(new RegExp(`^  ${name} +\\S.*$`, "m"));
  },
);

test("without a command the same is shown, and it is a misuse", async () => {
  expect(await outcomeOf([])).toMatchObject({ code: 2, stderr: "" });
  expect(stdout).toContain("usage: impedance COMMAND");
});

test.each([["--version"], ["-v"]])("%s is that of the package", async (flag) => {
  expect(await outcomeOf([flag])).toEqual({ code: 0, stdout: `${manifest.version}\n`, stderr: "" });
});

test.each([
  { name: "scann", near: "; did you mean scan?" },
  { name: "dokter", near: "; did you mean doctor?" },
  { name: "SERVE", near: "; did you mean serve?" },
  { name: "frobnicate", near: "" },
])("$name is no command$near", async ({ name, near }) => {
  expect(await outcomeOf([name])).toEqual({
    code: 2,
    stdout: "",
    stderr: `impedance: there is no command ${name}${near}\nimpedance: impedance --help lists them\n`,
  });
});

describe.each(COMMANDS)("impedance %s", (name) => {
  test.each([["--help"], ["-h"]])(
    "%s shows how it is used, in lines of at most 100",
    async (flag) => {
      expect(await outcomeOf([name, flag])).toMatchObject({ code: 0, stderr: "" });
      expect(stdout).toContain(`usage: impedance ${name}`);
      expect(stdout.split("\n").filter((line) => line.length > 100)).toEqual([]);
    },
  );

  test("names an option that it does not take", async () => {
    expect(await outcomeOf([name, "--frobnicate-it"])).toEqual({
      code: 2,
      stdout: "",
      stderr: `impedance: there is no option --frobnicate-it\nimpedance: impedance ${name} --help explains its options\n`,
    });
  });

  test("takes no word without an option", async () => {
    expect(await outcomeOf([name, "surplus"])).toMatchObject({ code: 2, stdout: "" });
    expect(stderr).toContain("surplus");
  });
});

describe("impedance log", () => {
  test("lists its commands, with and without --help", async () => {
    expect(await outcomeOf(["log", "--help"])).toMatchObject({ code: 0, stderr: "" });
    for (const name of LOG_COMMANDS) expect(stdout).toMatch(new RegExp(`^  ${name} +\\S.*$`, "m"));
    expect(await outcomeOf(["log"])).toMatchObject({ code: 2, stderr: "" });
  });

  test.each(LOG_COMMANDS)(
    "%s --help shows how it is used, in lines of at most 100",
    async (name) => {
      expect(await outcomeOf(["log", name, "--help"])).toMatchObject({ code: 0, stderr: "" });
      expect(stdout).toContain(`usage: impedance log ${name}`);
      expect(stdout.split("\n").filter((line) => line.length > 100)).toEqual([]);
    },
  );

  test.each([
    { args: ["verfy"], says: "there is no command verfy; did you mean verify?" },
    { args: ["--live"], says: "there is no option --live" },
    { args: ["verify", "--live"], says: "name the log: impedance log verify FILE…" },
    { args: ["verify", "/nowhere"], says: "/nowhere cannot be read (ENOENT)" },
    { args: ["verify", "x", "--format", "xml"], says: "--format is text or json, not xml" },
    { args: ["tail", "/nowhere"], says: "/nowhere cannot be read (ENOENT)" },
    { args: ["tail", "x", "--lines", "many"], says: "--lines is a number up to 100000" },
    { args: ["show"], says: "which one? impedance log show ID [FILE…]" },
    { args: ["show", "id"], says: "name the log, or give --config FILE with an audit.file" },
    { args: ["keygen"], says: "--out FILE says where the private key goes" },
  ])("$args is a misuse: $says", async ({ args, says }) => {
    expect(await outcomeOf(["log", ...args])).toMatchObject({ code: 2, stdout: "" });
    expect(stderr.split("\n")[0]).toBe(`impedance: ${says}`);
  });
});

const UP = ["up", "--upstream", "http://127.0.0.1:1/mcp"];

test.each([
  { args: ["scan", "--polcy", "x"], says: "there is no option --polcy; did you mean --policy?" },
  { args: ["up", "--upsteam=x"], says: "there is no option --upsteam; did you mean --upstream?" },
  { args: ["scan", "--direction", "up"], says: "--direction is request or response, not up" },
  { args: ["check", "--format", "xml"], says: "--format is text or json, not xml" },
  { args: ["doctor", "--format", "xml"], says: "--format is text or json, not xml" },
  { args: [...UP, "--format", "xml"], says: "--format is text or json, not xml" },
  { args: ["doctor", "--url", "nowhere"], says: "--url nowhere is no URL" },
  {
    args: [...UP, "--listen", "1:2:3"],
    says: "--listen 1:2:3 is no HOST:PORT, such as 127.0.0.1:8070",
  },
  {
    args: ["up", "--upstream", "ftp://a/"],
    says: "--upstream: ftp://a/ is neither http:// nor https://",
  },
  {
    args: ["up", "--upstream", "http://u:p@a/"],
    says: "--upstream: the URL of an MCP server may not hold a user name or a password",
  },
  {
    args: ["up"],
    says: "nothing to stand in front of: give --upstream URL, or `servers:` in --config FILE",
  },
  {
    args: ["serve", "--grpc", "nowhere"],
    says: "--grpc nowhere is neither HOST:PORT nor unix:/path",
  },
  { args: ["serve", "--admin", "nowhere"], says: "--admin nowhere is no HOST:PORT" },
])("impedance $args is a misuse: $says", async ({ args, says }) => {
  expect(await outcomeOf(args)).toMatchObject({ code: 2, stdout: "" });
  expect(stderr.split("\n")[0]).toBe(`impedance: ${says}`);
});

test.each([
  {
    args: ["scan", "--guards", "secrts"],
    says: 'unknown guard "secrts"; known guards: limits, secrets, pii, descriptions, marks, attacks',
  },
  { args: ["scan", "--guards", "padding"], says: 'guard "padding" is not part of this version' },
  {
    args: ["check", "--policy", "/nowhere.yaml"],
    says: "/nowhere.yaml: the policy cannot be read",
  },
  { args: ["check", "--config", "/nowhere.yaml"], says: "/nowhere.yaml: cannot be read" },
])("impedance $args fails: $says", async ({ args, says }) => {
  expect(await outcomeOf(args)).toEqual({ code: 1, stdout: "", stderr: `impedance: ${says}\n` });
});
