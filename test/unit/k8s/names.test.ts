/** What the manifests and their page name is there, by that name. */

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createMetrics } from "../../../src/telemetry/metrics.ts";
import { K8S } from "../../support/k8s/manifests.ts";

const FILES = readdirSync(K8S, { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".yaml"))
  .map((name) => ({ name, text: readFileSync(join(K8S, name), "utf8") }));
const PAGE = readFileSync(join(K8S, "..", "docs", "kubernetes.md"), "utf8");

test("each metric that the manifests or their page name is in /metrics", async () => {
  const metrics = createMetrics({ version: "0" });
  metrics.auditHealth(() => true);
  metrics.redisUp(true);
  const text = await metrics.render();
  const known = new Set([...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name));
  const named = [...FILES, { name: "docs/kubernetes.md", text: PAGE }].flatMap(({ text: file }) =>
    [...file.matchAll(/\b(?:impedance|mcp)_[a-z0-9]+(?:_[a-z0-9]+)*\b/g)].map(([name]) => name),
  );
  expect(named).toContain("impedance_streams_open");
  // A histogram is asked for by its parts.
  const whole = named.map((name) => name.replace(/_(?:bucket|sum|count)$/, ""));
  expect(whole.filter((name) => !known.has(name))).toEqual([]);
});

test("the page names each file with a decision for whoever installs, and no other", () => {
  const open = FILES.filter(({ text }) => text.includes("DECIDE:")).map(({ name }) => name);
  const [, section = ""] = PAGE.split("## What you must decide");
  const [table = ""] = section.split("\n## ");
  const listed = [...table.matchAll(/^\| `([^`]+)`/gm)].map(([, name]) => name);
  expect(listed.sort()).toEqual(open.sort());
});
