/** Holds docs/posture.md to the code: its checks, metrics, configurations and policies. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { loadConfig } from "../../../src/config/load-config.ts";
import { parsePortable } from "../../../src/policy/portable/parse.ts";
import { HOST_CHECKS } from "../../../src/posture/host/checks.ts";
import { readReport } from "../../../src/posture/report.ts";
import { createMetrics } from "../../../src/telemetry/metrics.ts";
import { rowsOf } from "./tables.ts";

const file = fileURLToPath(new URL("../../../docs/posture.md", import.meta.url));
const page = readFileSync(file, "utf8");
const blocks = (language: string) =>
  [...page.matchAll(new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``, "g"))].map(
    ([, text = ""]) => text,
  );

describe("docs/posture.md", () => {
  test("lists every check of the host, and no other", () => {
    const rows = rowsOf(page, "The host").map(([name]) => name);
    expect(rows).toEqual(Object.keys(HOST_CHECKS).map((name) => `\`${name}\``));
  });

  test("lists its metrics as they are", async () => {
    const metrics = createMetrics({ version: "1" });
    metrics.postureAge(() => null);
    const known = (await metrics.render()).match(/^# HELP impedance_posture\w+/gm) ?? [];
    const rows = rowsOf(page, "To see it").map(([name = ""]) => /`(\w+)/.exec(name)?.[1]);
    expect(rows.sort()).toEqual(known.map((line) => line.replace("# HELP ", "")).sort());
  });

  test("has configurations that are ones, and a policy that is one", () => {
    const [host, source, files, policy, ...others] = blocks("yaml");
    expect(others).toEqual([]);
    for (const text of [host, source, files]) {
      const config = loadConfig(text ?? "", "impedance.yaml", {});
      expect(config.ok ? [] : config.error).toEqual([]);
    }
    const parsed = parsePortable(`policy_id: p\nversion: "1"\ndefault: deny\n${policy}`, "p.yaml");
    expect(parsed.ok ? [] : parsed.error).toEqual([]);
  });

  test("shows a report that can be read", () => {
    const [, claims = "{}"] = blocks("json");
    expect(readReport(JSON.parse(claims).posture).ok).toBe(true);
  });
});
