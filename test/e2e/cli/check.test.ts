import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { impedance } from "./command.ts";

const POLICY = 'policy_id: p\nversion: "1.0"\ndefault: allow\n';
const WRONG_POLICY = 'policy_id: p\nversion: "1.0"\ndefault: sometimes\nalow_rules: []\n';
const WRONG_CONFIG = "listen: nowhere\nserverz: {}\nlog: { level: loud }\n";

let folder: string;
const file = (name: string): string => join(folder, name);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "impedance-check-"));
  await writeFile(file("policy.yaml"), POLICY);
  await writeFile(file("wrong-policy.yaml"), WRONG_POLICY);
  await writeFile(file("wrong.yaml"), WRONG_CONFIG);
  await writeFile(file("wrong-bundle.yaml"), "policy: { bundle: ./policy.yaml }\n");
});

afterAll(() => rm(folder, { recursive: true, force: true }));

describe("impedance check", () => {
  test("says that all is well, and what decides", async () => {
    const { code, stdout, stderr } = await impedance(["check", "--policy", file("policy.yaml")]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(
      /^configuration: ok\npolicy: ok\ndefault: allow\nrevision: sha256:[0-9a-f]{64}\n$/,
    );
  });

  test("says so without a policy, too", async () => {
    const { code, stdout } = await impedance(["check"]);
    expect(code).toBe(0);
    expect(stdout).toContain("policy: built in: only handshake, discovery and listing pass\n");
  });

  test("names every error of a configuration, each with line and column", async () => {
    const { code, stdout, stderr } = await impedance(["check", "--config", file("wrong.yaml")]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    const lines = stderr.trimEnd().split("\n");
    expect(lines.map((line) => line.split(": ")[1])).toEqual([
      `${file("wrong.yaml")}:1:9`,
      `${file("wrong.yaml")}:2:1`,
      `${file("wrong.yaml")}:3:15`,
    ]);
    expect(lines[1]).toContain("servers");
  });

  test("names every error of a policy, each with line and column", async () => {
    const args = ["check", "--policy", file("wrong-policy.yaml")];
    const { code, stdout, stderr } = await impedance(args);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    const places = stderr.trimEnd().split("\n");
    expect(places.map((line) => line.split(": ")[1])).toEqual([
      `${file("wrong-policy.yaml")}:3:10`,
      `${file("wrong-policy.yaml")}:4:1`,
    ]);
    expect(stderr).toContain("allow_rules");
  });

  test("names a bundle that is none", async () => {
    const args = ["check", "--config", file("wrong-bundle.yaml")];
    const { code, stderr } = await impedance(args);
    expect(code).toBe(1);
    expect(stderr).toContain(`impedance: ${file("policy.yaml")}: `);
  });

  test("says the same in JSON, on one line", async () => {
    const args = ["--format", "json", "--policy"];
    const good = await impedance(["check", ...args, file("policy.yaml")]);
    expect(good).toMatchObject({ code: 0, stderr: "" });
    expect(JSON.parse(good.stdout)).toEqual({
      ok: true,
      errors: [],
      policy: { default: "allow", revision: expect.stringMatching(/^sha256:[0-9a-f]{64}$/) },
    });
    const bad = await impedance(["check", ...args, file("wrong-policy.yaml")]);
    expect(bad).toMatchObject({ code: 1, stderr: "" });
    expect(JSON.parse(bad.stdout)).toEqual({
      ok: false,
      errors: [expect.stringContaining(":3:10: "), expect.stringContaining(":4:1: ")],
      policy: null,
    });
  });
});
