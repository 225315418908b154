import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
const read = (name: string) => readFileSync(`${ROOT}${name}`, "utf8");

test.each([
  ["envoy/compose/compose.yaml", "envoy/compose/impedance.yaml"],
  ["k8s/base/filter/deployment.yaml", "k8s/base/filter/config/impedance.yaml"],
  ["k8s/components/sidecar/deployment.yaml", "k8s/components/sidecar/config/impedance.yaml"],
])("%s has memory for a full heap and for all the bodies that may be held", (container, config) => {
  const mebibytes = (text: string, pattern: RegExp) => Number(pattern.exec(text)?.[1]);
  const heap = mebibytes(read(container), /max-old-space-size=(\d+)/);
  const limit = mebibytes(read(container), /(?:limits:\s+memory: |mem_limit: )(\d+)(?:Mi|m)/);
  const held = mebibytes(read(config), /held_bodies_max_bytes: (\d+)/) / 1024 ** 2;
  expect(heap + held).toBeLessThan(limit);
});
