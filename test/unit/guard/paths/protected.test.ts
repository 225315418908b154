import { expect, test } from "vitest";
import { createProtection } from "../../../../src/guard/paths/protected.ts";

const isProtected = createProtection([
  "/opt/impedance/impedance.yaml",
  "/opt/impedance/keys",
  "/opt/impedance/log.jsonl",
]);

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
  "/opt/impedance/log.jsonl",
  "/opt/impedance/log.000000000001.jsonl",
  "/opt/impedance/log.jsonl.running",
  "/opt/impedance/log.jsonl.crash",
  "/opt/impedance/log.jsonl.torn-0a1b2c3d",
  "impedance/impedance.yaml",
  "./impedance/keys",
])("%j is out of reach", (path) => {
  expect(isProtected(path, ["/opt"])).toBe(true);
});

test.each([
  "/opt/impedance",
  "/opt/impedance/impedance.yaml.example",
  "/opt/impedance/keyset",
  "/opt/impedance/log.1.jsonl",
  "/opt/impedance/other.000000000001.jsonl",
  "/opt/impedance/impedance.yaml.walking",
  "impedance.yaml",
])("%j is within reach", (path) => {
  expect(isProtected(path, ["/opt"])).toBe(false);
});
