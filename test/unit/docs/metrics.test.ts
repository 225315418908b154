import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Registry } from "prom-client";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { createMetrics } from "../../../src/telemetry/metrics.ts";
import { createWorkerMetrics } from "../../../src/telemetry/worker-metrics.ts";
import { rowsOf } from "./tables.ts";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
const read = (name: string): string => readFileSync(join(ROOT, name), "utf8");

const PAGE = "docs/metrics.md";
const RULES = "observability/rules.yaml";
const DASHBOARD = "observability/dashboard.json";
const COMPONENT = "k8s/components/observability";
const WRITES = process.env.UPDATE_DOCS === "1";

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly annotations: { readonly [name: string]: string };
}

interface Registered {
  readonly name: string;
  readonly type: string;
  readonly help: string;
  readonly labelNames?: readonly string[];
}

/** Everything that a service can have, Redis and a decision log included. */
function registered(): readonly Registered[] {
  const registry = new Registry();
  const metrics = createMetrics({ version: "1", registry });
  metrics.auditHealth(() => true);
  metrics.redisUp(true);
  metrics.postureAge(() => 0);
  return (registry.getMetricsAsArray() as readonly unknown[] as readonly Registered[]).toSorted(
    (a, b) => a.name.localeCompare(b.name),
  );
}

const REAL = registered();
/** Those of a supervisor, which has them beside the sum of its workers' (docs/scaling.md). */
const SUPERVISED = await createWorkerMetrics({ configured: 1, ready: () => 1 }).render([]);
const OWN = new Set([
  ...REAL.map(({ name }) => name),
  ...[...SUPERVISED.matchAll(/^# TYPE (\S+)/gm)].map(([, name = ""]) => name),
]);
const ENVOYS = new Set(rowsOf(read(PAGE), "Metrics of Envoy").map(([name = ""]) => bare(name)));
const NAME = /\b(?:mcp|impedance|nodejs|process|envoy)_[a-z0-9_]+\b/g;

function bare(cell: string): string {
  return cell.replaceAll("`", "");
}

/** A histogram is asked for by its parts. */
function known(name: string): boolean {
  return ENVOYS.has(name) || OWN.has(name) || OWN.has(name.replace(/_(?:bucket|sum|count)$/, ""));
}

function rules(): readonly Rule[] {
  return parse(read(RULES)).groups.flatMap(({ rules: all }: { rules: Rule[] }) => all);
}

function expressionsOf(dashboard: string): readonly string[] {
  return [...dashboard.matchAll(/"(?:expr|query)": "((?:[^"\\]|\\.)*)"/g)].map(([, text]) =>
    String(JSON.parse(`"${text}"`)),
  );
}

/** Without the texts and the labels in a query. */
function metricsIn(expression: string): readonly string[] {
  const plain = expression
    .replace(/"(?:[^"\\]|\\.)*"/g, '""')
    .replace(/\b(?:by|without) ?\([^)]*\)/g, "")
    .replace(/\{[^{}]*\}/g, "");
  return plain.match(NAME) ?? [];
}

test("docs/metrics.md lists every metric of the registry, as it is", () => {
  const rows = REAL.map(({ name, type, labelNames = [], help }) => {
    const labels = labelNames.map((label) => `\`${label}\``).join(", ");
    return [`\`${name}\``, type, labels, help];
  });
  if (WRITES) {
    const table = rows.map((row) => `| ${row.join(" | ")} |\n`).join("");
    const page = read(PAGE).replace(/(\|---\|---\|---\|---\|\n)(?:\|.*\n)*/, `$1${table}`);
    writeFileSync(join(ROOT, PAGE), page);
  }
  expect(rowsOf(read(PAGE), "Metrics of Impedance")).toEqual(rows);
});

describe("every metric", () => {
  test("that an alert asks for is there", () => {
    const asked = rules().flatMap(({ expr }) => metricsIn(expr));
    expect(asked.length).toBeGreaterThan(20);
    expect(asked.filter((name) => !known(name))).toEqual([]);
  });

  test("that the dashboard asks for is there", () => {
    const asked = expressionsOf(read(DASHBOARD)).flatMap(metricsIn);
    expect(asked.length).toBeGreaterThan(30);
    expect(asked.filter((name) => !known(name))).toEqual([]);
  });

  test("that a page names is there", () => {
    const pages = readdirSync(join(ROOT, "docs")).filter((name) => name.endsWith(".md"));
    const named = pages.flatMap((page) =>
      [...read(`docs/${page}`).matchAll(/`((?:mcp|impedance|envoy)_[a-z0-9_]+)(?:\{[^`]*)?`/g)]
        .map(([, name = ""]) => name)
        .filter((name) => !known(name) && !isOtherName(name))
        .map((name) => `${page}: ${name}`),
    );
    expect(named).toEqual([]);
  });

  test("of Envoy's that is named on the page is asked for", () => {
    const asked = [...rules().map(({ expr }) => expr), ...expressionsOf(read(DASHBOARD))].flatMap(
      metricsIn,
    );
    expect([...ENVOYS].filter((name) => !asked.includes(name))).toEqual([]);
  });

  test("is named in the form in which Prometheus wants it", () => {
    const counters = REAL.filter(({ type, name }) => type === "counter" && !/_total$/.test(name));
    expect(counters).toEqual([]);
  });
});

/** What pages name and is no metric: a policy's id, a tool's name. */
function isOtherName(name: string): boolean {
  return !/_(?:total|seconds|bytes|open|healthy|up|info|buffered)$/.test(name);
}

describe("every alert", () => {
  test.each(rules())("$alert has an entry of the runbook", ({ alert, annotations }) => {
    expect(annotations.runbook).toBe(`docs/runbook.md#${alert.toLowerCase()}`);
    const headings = read("docs/runbook.md").match(/^## \w+$/gm) ?? [];
    expect(headings).toContain(`## ${alert}`);
  });

  test("has a test in which it fires, and one in which it does not", () => {
    const cases: {
      alert_rule_test: { alertname: string; exp_alerts: readonly unknown[] }[];
    }[] = parse(read("observability/rules.test.yaml")).tests;
    const seen = cases.flatMap((each) => each.alert_rule_test);
    for (const { alert } of rules()) {
      const own = seen.filter(({ alertname }) => alertname === alert);
      expect([alert, own.some(({ exp_alerts }) => exp_alerts.length > 0)]).toEqual([alert, true]);
      expect([alert, own.some(({ exp_alerts }) => exp_alerts.length === 0)]).toEqual([alert, true]);
    }
  });

  test("of the runbook is an alert", () => {
    const headings = (read("docs/runbook.md").match(/^## \w+$/gm) ?? []).map((text) =>
      text.slice(3),
    );
    expect(headings).toEqual(rules().map(({ alert }) => alert));
  });
});

describe("the component for Kubernetes", () => {
  test("has the same rules", () => {
    const path = join(ROOT, COMPONENT, "prometheus-rule.yaml");
    const groups = read(RULES).slice(read(RULES).indexOf("groups:"));
    const text = `# The rules of ${RULES}, which a test copies here (UPDATE_DOCS=1).
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata:
  name: impedance
  namespace: impedance
  labels:
    app.kubernetes.io/name: impedance
spec:
${groups.replace(/^(?=.)/gm, "  ")}`;
    if (WRITES) writeFileSync(path, text);
    expect(existsSync(path) && readFileSync(path, "utf8")).toBe(text);
  });

  test("has the same dashboard", () => {
    const path = join(ROOT, COMPONENT, "dashboard.json");
    if (WRITES) writeFileSync(path, read(DASHBOARD));
    expect(existsSync(path) && readFileSync(path, "utf8")).toBe(read(DASHBOARD));
  });
});
