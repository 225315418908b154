import { describe, expect, test } from "vitest";
import { build, KUSTOMIZE } from "../../support/k8s/manifests.ts";
import { isAllowed, type Party } from "../../support/k8s/network.ts";

const role = (name: string) => ({ "impedance.dev/role": name });
const system = { "kubernetes.io/metadata.name": "kube-system" };
const ADMIN_AND_GRPC = { grpc: 9191, admin: 9192 };

/** A cluster as operations.md has it set up. */
const PARTIES = {
  gateway: pod("gateway", role("gateway"), role("gateway")),
  "another pod of the gateway's namespace": pod("gateway", role("gateway"), {}),
  filter: pod("impedance", { "impedance.dev/zone": "filter" }, filterLabels(), ADMIN_AND_GRPC),
  "MCP server": pod("mcp-servers", zone("mcp-servers"), role("mcp-server"), { http: 3001 }),
  "MCP server that uses inference": pod("mcp-servers", zone("mcp-servers"), {
    ...role("mcp-server"),
    "impedance.dev/uses": "inference",
  }),
  "MCP server that uses the planner": pod("mcp-servers", zone("mcp-servers"), {
    ...role("mcp-server"),
    "impedance.dev/uses": "planner",
  }),
  inference: pod("inference", zone("inference"), role("inference"), { http: 8000 }),
  "egress gateway": pod("egress", role("egress-gateway"), role("egress-gateway")),
  DNS: pod("kube-system", system, { "k8s-app": "kube-dns" }),
  "identity provider": pod("idp", role("identity-provider"), {}),
  "log collector": pod("logs", role("log-collector"), {}),
  Prometheus: pod("monitoring", role("monitoring"), {}),
  agent: pod("agents", {}, {}),
  "an agent that may": pod("agents", role("agents"), {}),
  Redis: pod("impedance", zone("filter"), { "app.kubernetes.io/name": "redis" }, { redis: 6379 }),
  "a pod beside the filter": pod("impedance", zone("filter"), {}),
  "a stranger who calls itself gateway": pod("agents", {}, role("gateway")),
  "the planner's API": { ip: "192.0.2.10" },
  "the internet": { ip: "203.0.113.7" },
  "the cloud's metadata": { ip: "169.254.169.254" },
} as const satisfies { readonly [name: string]: Party };

type Name = keyof typeof PARTIES;
type Row = [from: Name, to: Name, port: number, protocol?: "TCP" | "UDP"];

const ALLOWED: readonly Row[] = [
  ["gateway", "filter", 9191],
  ["gateway", "MCP server", 3001],
  ["filter", "DNS", 53, "UDP"],
  ["filter", "DNS", 53],
  ["filter", "identity provider", 443],
  ["filter", "log collector", 4318],
  ["filter", "log collector", 6514],
  ["MCP server", "DNS", 53, "UDP"],
];

const REFUSED: readonly Row[] = [
  ["agent", "filter", 9191],
  ["agent", "MCP server", 3001],
  ["a stranger who calls itself gateway", "filter", 9191],
  ["a stranger who calls itself gateway", "MCP server", 3001],
  ["another pod of the gateway's namespace", "filter", 9191],
  ["another pod of the gateway's namespace", "MCP server", 3001],
  ["gateway", "filter", 9192],
  ["agent", "filter", 9192],
  ["Prometheus", "filter", 9191],
  ["Prometheus", "MCP server", 3001],
  ["MCP server", "filter", 9191],
  ["MCP server", "filter", 9192],
  ["filter", "MCP server", 3001],
  ["filter", "the internet", 443],
  ["filter", "the cloud's metadata", 80],
  ["filter", "identity provider", 22],
  ["filter", "DNS", 443],
  ["MCP server", "the internet", 443],
  ["MCP server", "the cloud's metadata", 80],
  ["MCP server", "log collector", 4318],
  ["MCP server", "identity provider", 443],
  ["MCP server", "MCP server that uses inference", 3001],
];

describe.skipIf(KUSTOMIZE === null).each(["base", "overlays/local", "overlays/production"])(
  "the network of k8s/%s (needs kustomize)",
  (folder) => {
    const policies = build(folder).all;
    test.each<Row>(ALLOWED)("lets %s reach %s at %i", (from, to, port, protocol = "TCP") => {
      expect(reaches(policies, from, to, port, protocol)).toBe(true);
    });
    test.each<Row>(REFUSED)("keeps %s from %s at %i", (from, to, port, protocol = "TCP") => {
      expect(reaches(policies, from, to, port, protocol)).toBe(false);
    });
  },
);

describe.skipIf(KUSTOMIZE === null)(
  "the network of k8s/overlays/production besides (needs kustomize)",
  () => {
    const policies = build("overlays/production").all;
    test.each<[Name, Name, number]>([
      ["Prometheus", "filter", 9192],
      ["filter", "Redis", 6379],
      ["MCP server that uses inference", "inference", 8000],
      ["MCP server that uses the planner", "egress gateway", 443],
      ["MCP server that uses the planner", "the planner's API", 443],
    ])("lets %s reach %s at %i", (from, to, port) => {
      expect(reaches(policies, from, to, port, "TCP")).toBe(true);
    });
    test.each<[Name, Name, number]>([
      ["MCP server", "inference", 8000],
      ["MCP server that uses the planner", "inference", 8000],
      ["MCP server that uses the planner", "the internet", 443],
      ["MCP server that uses inference", "the planner's API", 443],
      ["MCP server that uses inference", "egress gateway", 443],
      ["agent", "inference", 8000],
      ["gateway", "inference", 8000],
      ["filter", "inference", 8000],
      ["inference", "the internet", 443],
      ["inference", "MCP server", 3001],
      ["inference", "DNS", 53],
      ["inference", "the cloud's metadata", 80],
      ["gateway", "Redis", 6379],
      ["agent", "Redis", 6379],
      ["MCP server", "Redis", 6379],
      ["Prometheus", "Redis", 6379],
      ["a pod beside the filter", "Redis", 6379],
      ["filter", "Redis", 22],
      ["Redis", "filter", 9191],
      ["Redis", "filter", 9192],
      ["Redis", "DNS", 53],
      ["Redis", "the internet", 443],
    ])("keeps %s from %s at %i", (from, to, port) => {
      expect(reaches(policies, from, to, port, "TCP")).toBe(false);
    });
  },
);

describe.skipIf(KUSTOMIZE === null)("the network of k8s/overlays/sidecar (needs kustomize)", () => {
  const policies = build("overlays/sidecar").all;
  test.each<[Name, Name, number]>([
    ["an agent that may", "gateway", 8443],
    ["gateway", "MCP server", 3001],
    ["gateway", "DNS", 53],
  ])("lets %s reach %s at %i", (from, to, port) => {
    expect(reaches(policies, from, to, port, "TCP")).toBe(true);
  });
  test.each<[Name, Name, number]>([
    ["agent", "gateway", 8443],
    ["an agent that may", "gateway", 9192],
    ["an agent that may", "MCP server", 3001],
    ["gateway", "the internet", 443],
    ["gateway", "the cloud's metadata", 80],
    ["MCP server", "gateway", 8443],
  ])("keeps %s from %s at %i", (from, to, port) => {
    expect(reaches(policies, from, to, port, "TCP")).toBe(false);
  });
});

test("without its policies everything is open: the table is about them", () => {
  const open = REFUSED.map(([from, to, port]) => reaches([], from, to, port, "TCP"));
  expect(new Set(open)).toEqual(new Set([true]));
});

function reaches(
  policies: Parameters<typeof isAllowed>[0],
  from: Name,
  to: Name,
  port: number,
  protocol: "TCP" | "UDP",
): boolean {
  return isAllowed(policies, { from: PARTIES[from], to: PARTIES[to], port, protocol });
}

function pod(
  namespace: string,
  namespaceLabels: { readonly [name: string]: string },
  labels: { readonly [name: string]: string },
  ports: { readonly [name: string]: number } = {},
): Party {
  return { namespace, namespaceLabels, labels, ports };
}

function zone(name: string) {
  return { "impedance.dev/zone": name };
}

function filterLabels() {
  return { "app.kubernetes.io/name": "impedance" };
}
