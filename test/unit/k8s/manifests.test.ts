import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import {
  build,
  K8S,
  KUBECONFORM,
  KUSTOMIZE,
  type Manifest,
  podOf,
} from "../../support/k8s/manifests.ts";
import { containersOf, violations } from "../../support/k8s/pod-security.ts";

const OVERLAYS = readdirSync(join(K8S, "overlays")).map((name) => `overlays/${name}`);
const FOLDERS = ["base", ...OVERLAYS];
const BUILT = new Map(FOLDERS.map((folder) => [folder, build(folder)]));

const WITHOUT_KUSTOMIZE = KUSTOMIZE === null;

describe.skipIf(WITHOUT_KUSTOMIZE).each(FOLDERS)("k8s/%s (needs kustomize)", (folder) => {
  const { text, all } = BUILT.get(folder) ?? { text: "", all: [] };
  const pods = all.flatMap((each) => {
    const pod = podOf(each);
    return pod === null ? [] : [{ name: each.metadata.name, pod, kind: each.kind }];
  });

  test.skipIf(KUBECONFORM === null)("has no field that the API does not know", () => {
    const location = join(K8S, "schemas", "{{.ResourceKind}}{{.KindSuffix}}.json");
    const args = ["-strict", "-output", "json", "-schema-location", location];
    expect(
      JSON.parse(execFileSync(KUBECONFORM ?? "", args, { input: text, encoding: "utf8" })),
    ).toEqual({ resources: [] });
  });

  test("names each resource once", () => {
    const names = all.map(({ kind, metadata }) => `${kind} ${metadata.namespace}/${metadata.name}`);
    expect(names.length).toBeGreaterThan(5);
    expect(new Set(names).size).toBe(names.length);
  });

  test("runs pods that Pod Security `restricted` admits", () => {
    expect(pods.length).toBeGreaterThan(0);
    expect(pods.flatMap(({ name, pod }) => violations(pod).map((each) => [name, each]))).toEqual(
      [],
    );
  });

  test("enforces `restricted` in each namespace of its own", () => {
    for (const { metadata } of all.filter(({ kind }) => kind === "Namespace")) {
      expect(metadata.labels).toMatchObject({ "pod-security.kubernetes.io/enforce": "restricted" });
    }
  });

  test("gives no pod a token of the API server, a writable root, or memory without bounds", () => {
    for (const { pod } of pods) {
      expect(pod.automountServiceAccountToken).toBe(false);
      for (const container of containersOf(pod)) {
        expect(container.securityContext.readOnlyRootFilesystem).toBe(true);
        expect(container.resources.limits.memory).toMatch(/^\d+[MG]i$/);
        expect(container.resources.requests.cpu).toMatch(/^\d+m?$/);
      }
    }
  });

  test("pins every image, and none to latest", () => {
    for (const container of pods.flatMap(({ pod }) => containersOf(pod))) {
      expect(container.image).toMatch(/(?::(?!latest$)[\w.-]+|@sha256:[0-9a-f]{64})$/);
    }
  });

  test("has the default deny, both ways, in each of its namespaces", () => {
    const closed = all
      .filter(({ kind, spec }) => kind === "NetworkPolicy" && isDefaultDeny(spec))
      .map(({ metadata }) => metadata.namespace);
    const namespaces = all.filter(({ kind }) => kind === "Namespace").map(nameOf);
    expect(closed.sort()).toEqual(namespaces.sort());
  });

  test("probes the filter, and gives it the time to drain", () => {
    const [pod] = pods.map((each) => each.pod).filter((each) => filterOf(each) !== undefined);
    const filter = filterOf(pod);
    expect(filter).toMatchObject({
      startupProbe: expect.anything(),
      readinessProbe: expect.anything(),
      livenessProbe: expect.anything(),
    });
    const config = all.find(({ data }) => data?.["impedance.yaml"] !== undefined);
    const settings = parse(config?.data?.["impedance.yaml"] ?? "");
    // A sidecar is told to stop when its gateway has ended.
    const isSidecar = filter.restartPolicy === "Always";
    expect(filter.lifecycle?.preStop === undefined).toBe(isSidecar);
    const preStopSeconds = filter.lifecycle?.preStop.sleep.seconds ?? 0;
    const drainSeconds = settings.drain_deadline_ms / 1000 + preStopSeconds;
    expect(pod.terminationGracePeriodSeconds).toBeGreaterThan(drainSeconds);
  });
});

function filterOf(pod: Manifest["spec"]): Manifest["spec"] {
  return containersOf(pod).find(({ name }) => name === "impedance");
}

test("each file of k8s/ holds one resource, and each patch has a comment above it", () => {
  const files = readdirSync(K8S, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".yaml"))
    .map((name) => ({ name, text: readFileSync(join(K8S, name), "utf8") }));
  expect(files.filter(({ text }) => /^---/m.test(text)).map(({ name }) => name)).toEqual([]);
  const bare = files.filter(
    ({ name, text }) =>
      name.endsWith("kustomization.yaml") && /^(?! *#).*\n {2}- path:/m.test(text),
  );
  expect(bare.map(({ name }) => name)).toEqual([]);
});

test("what a kustomization names is there", () => {
  for (const folder of FOLDERS)
    expect(existsSync(join(K8S, folder, "kustomization.yaml"))).toBe(true);
});

test.each([
  { title: "runs as root", change: { runAsUser: 0 }, control: "Running as Non-root user" },
  { title: "has no seccomp profile", change: { seccompProfile: undefined }, control: "Seccomp" },
  { title: "may be root", change: { runAsNonRoot: false }, control: "Running as Non-root" },
])("a pod that $title is not admitted", ({ change, control }) => {
  const pod = podOf(deploymentOf());
  const broken = {
    ...pod,
    securityContext: { ...pod.securityContext, ...change },
    containers: pod.containers.map((container: Manifest["spec"]) => ({
      ...container,
      securityContext: { ...container.securityContext, runAsNonRoot: undefined },
    })),
  };
  expect(violations(broken).map((each) => each.control)).toContain(control);
  expect(violations(pod)).toEqual([]);
});

test.each([
  { title: "is privileged", change: { privileged: true }, control: "Privileged Containers" },
  {
    title: "may gain privileges",
    change: { allowPrivilegeEscalation: true },
    control: "Privilege Escalation",
  },
  { title: "keeps capabilities", change: { capabilities: { drop: [] } }, control: "Capabilities" },
  {
    title: "adds one",
    change: { capabilities: { drop: ["ALL"], add: ["NET_ADMIN"] } },
    control: "Capabilities",
  },
  {
    title: "is unconfined",
    change: { appArmorProfile: { type: "Unconfined" } },
    control: "AppArmor",
  },
])("a container that $title is not admitted", ({ change, control }) => {
  const pod = podOf(deploymentOf());
  const [container] = pod.containers;
  const broken = { ...container, securityContext: { ...container.securityContext, ...change } };
  const found = violations({ ...pod, containers: [broken] }).map((each) => each.control);
  expect(found).toEqual([control]);
});

test.each([
  {
    title: "a folder of its node",
    pod: { volumes: [{ name: "v", hostPath: { path: "/" } }] },
    control: "Volume Types",
  },
  { title: "its node's network", pod: { hostNetwork: true }, control: "Host Namespaces" },
])("a pod with $title is not admitted", ({ pod: change, control }) => {
  const pod = { ...podOf(deploymentOf()), ...change };
  expect(violations(pod).map((each) => each.control)).toEqual([control]);
});

function deploymentOf(): Manifest {
  return parse(readFileSync(join(K8S, "base/filter/deployment.yaml"), "utf8")) as Manifest;
}

function isDefaultDeny(spec: Manifest["spec"]): boolean {
  return (
    Object.keys(spec.podSelector).length === 0 &&
    spec.policyTypes.length === 2 &&
    spec.ingress === undefined &&
    spec.egress === undefined
  );
}

function nameOf({ metadata }: Manifest): string | undefined {
  return metadata.name;
}
