import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { findTool } from "../../support/tool.ts";

const FOLDER = fileURLToPath(new URL("../../../observability/", import.meta.url));
const PROMTOOL = findTool("promtool", "IMPEDANCE_PROMTOOL");

describe.skipIf(PROMTOOL === null)(
  `promtool (${PROMTOOL ?? "skipped: there is none, and no Debian packages to take it from"})`,
  () => {
    test.each([
      { title: "takes the rules", args: ["check", "rules", "rules.yaml"] },
      {
        title: "finds that each does what its tests say",
        args: ["test", "rules", "rules.test.yaml"],
      },
    ])("$title", ({ args }) => {
      const said = execFileSync(PROMTOOL ?? "", args, { cwd: FOLDER, encoding: "utf8" });
      expect(said).toContain("SUCCESS");
    });
  },
);
