/** Holds docs/operations.md to the program: every command, setting, metric and file that it names. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { type Listed, parseOptions } from "../../../src/cli/command.ts";
import { COMMANDS } from "../../../src/cli/commands.ts";
import { rowsOf } from "./tables.ts";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
const page = read("docs/operations.md");
const schema = JSON.parse(read("schemas/config.json")) as { properties: object };
const settings = rowsOf(read("docs/configuration.md"), "Settings").map(([name = ""]) => name);

/** What an operator has anyway. */
const TOOLS = ["cat", "cp", "curl", "grep", "kill", "kubectl", "mkdir", "openssl", "sha256sum"];
const ADMIN_PATHS = ["/metrics", "/posture", "/health", "/ready", "/approvals"];

/** The lines of all `sh` blocks, each a pipeline of words. */
const lines = [...page.matchAll(/```sh\n([\s\S]*?)```/g)].flatMap(([, block = ""]) =>
  block
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== ""),
);
const commands = lines.flatMap((line) => line.split(" | ")).map((part) => wordsOf(part));
const ours = commands.filter(([program]) => program === "impedance").map(([, ...rest]) => rest);

function read(path: string): string {
  return readFileSync(join(ROOT, path), "utf8");
}

/** Without redirections; no word here is quoted. */
function wordsOf(command: string): string[] {
  return command
    .replace(/ (?:>|2>) \S+/g, "")
    .trim()
    .split(/\s+/);
}

/** Why a command cannot be given so; null where it can. */
async function faultOf(
  [name = "", ...args]: readonly string[],
  among: readonly Listed[] = COMMANDS,
): Promise<string | null> {
  const found = await among.find((one) => one.name === name)?.load();
  if (found === undefined) return `no command ${name}`;
  if ("commands" in found) return faultOf(args, found.commands);
  const options = parseOptions(found, args);
  return options.ok ? null : options.error;
}

describe("docs/operations.md", () => {
  test("has commands of ours that can be given as they stand", async () => {
    expect(ours.length).toBeGreaterThan(25);
    const faults = await Promise.all(
      ours.map(async (args) => [args.join(" "), await faultOf(args)] as const),
    );
    expect(faults.filter(([, fault]) => fault !== null)).toEqual([]);
  });

  test("would tell of a command or an option that is not there", async () => {
    expect(await faultOf(["log", "verfiy", "x"])).toBe("no command verfiy");
    expect(await faultOf(["doctor", "--adnim", "x"])).toContain("--adnim");
    expect(await faultOf(["doctor", "a-word"])).not.toBe(null);
  });

  test("has no other commands than an operator's own, and scripts that are there", () => {
    const scripts = JSON.parse(read("package.json")) as { scripts: object };
    const others = commands.filter(([program]) => program !== "impedance");
    const unknown = others.filter(([program = "", verb, name = ""]) => {
      if (program === "npm") return verb !== "run" || !Object.hasOwn(scripts.scripts, name);
      return program !== "umask" && !TOOLS.includes(program);
    });
    expect(unknown).toEqual([]);
  });

  test("asks the admin port for what it has", () => {
    const asked = lines.flatMap(
      (line) => line.match(/http:\/\/127\.0\.0\.1:9192(\/\w+)/)?.[1] ?? [],
    );
    expect(asked.filter((path) => !ADMIN_PATHS.includes(path))).toEqual([]);
  });

  test("names settings that there are", () => {
    const roots = Object.keys(schema.properties).join("|");
    const form = new RegExp(`^(?:${roots})(?:\\.[\\w<>]+)*$`);
    const named = [...page.matchAll(/`([a-z_.<>]+)(?:: [^`]*)?`/g)]
      .map(([, name = ""]) => name)
      .filter((name) => form.test(name) && (name.includes(".") || page.includes(`\`${name}\` |`)));
    expect(named.length).toBeGreaterThan(20);
    const isKnown = (name: string) =>
      settings.some(
        (setting) =>
          setting === `\`${name}\`` ||
          setting.startsWith(`\`${name}.`) ||
          setting.startsWith(`\`${name}[`),
      );
    expect(named.filter((name) => !isKnown(name))).toEqual([]);
  });

  test("names metrics that there are", () => {
    const folder = "src/telemetry";
    const sources = readdirSync(join(ROOT, folder)).map((name) => read(join(folder, name)));
    const named = page.match(/\b(?:impedance|mcp)_[a-z_]+\b/g) ?? [];
    const missing = named.filter((name) => !sources.some((text) => text.includes(`"${name}"`)));
    expect(named.length).toBeGreaterThan(8);
    expect(missing).toEqual([]);
  });

  test("names files and tests that there are", () => {
    const named = page.match(/\b(?:k8s|envoy|test|schemas)\/[\w./-]+/g) ?? [];
    expect(
      named.map((path) => path.replace(/\.$/, "")).filter((path) => !existsSync(join(ROOT, path))),
    ).toEqual([]);
  });

  test("tells of every key that the configuration refers to how it is changed", () => {
    const rows = rowsOf(page, "Keys, and how each is changed").map(([, setting]) => setting);
    expect(rows).toEqual([
      "`audit.signing_key`",
      "`audit.subject_key`",
      "`audit.analyst_key`",
      "`aliases.key`",
      "`authentication.api_keys`",
      "`authentication.tokens.issuers`",
      "`grpc_tls`",
      "`admin_tls`",
      "`policy.verification_key`",
      "`admin_access.token`, `approvals.token`",
      "`state.redis`",
      "`servers.<name>.upstream_credentials`",
      "`posture.source`",
    ]);
  });
});
