import { expect, test } from "vitest";
import { createProtection } from "../../../../src/guard/paths/protected.ts";

const isProtected = createProtection(["/opt/impedance/impedance.yaml", "/opt/impedance/keys"]);

test.each([
  "/opt/impedance/impedance.yaml",
  "/opt//impedance/./impedance.yaml",
  "/opt/x/../impedance/impedance.yaml",
  "/OPT/Impedance/Impedance.yaml",
  "/opt/impedance/keys/alias.key",
  "/opt/impedance%2fimpedance.yaml",
  "/opt/impedance/%2569mpedance.yaml",
  "file:///opt/impedance/impedance.yaml",
  "\\opt\\impedance\\impedance.yaml",
  "/proc/self/root/opt/impedance/impedance.yaml",
  "/proc/1/task/1/root/proc/self/root/opt/impedance/impedance.yaml",
  "impedance/impedance.yaml",
  "./impedance/keys",
])("%j is out of reach", (path) => {
  expect(isProtected(path, ["/opt"])).toBe(true);
});

test.each([
  "/opt/impedance",
  "/opt/impedance/impedance.yaml.example",
  "/opt/impedance/keyset",
  "impedance.yaml",
])("%j is within reach", (path) => {
  expect(isProtected(path, ["/opt"])).toBe(false);
});
