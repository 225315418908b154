import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { parse } from "yaml";

import { PEERS_LEAVE_MS } from "../../../src/envoy/hand-over.ts";

test.each(["bootstrap.yaml", "ext-authz.yaml"])("by %s Envoy leaves a worker in time", (name) => {
  const file = new URL(`../../../envoy/${name}`, import.meta.url);
  const { static_resources: resources } = parse(readFileSync(file, "utf8"));
  const cluster = resources.clusters.find((one: { name: string }) => one.name === "impedance");
  const [options] = Object.values<{ common_http_protocol_options: object }>(
    cluster.typed_extension_protocol_options,
  );
  const duration = Reflect.get(
    options?.common_http_protocol_options ?? {},
    "max_connection_duration",
  );
  const [, seconds] = /^(\d+)s$/.exec(duration) ?? [];
  // As long again, for a machine on which everybody is late.
  expect(Number(seconds) * 2_000).toBeLessThanOrEqual(PEERS_LEAVE_MS);
});
