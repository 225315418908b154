import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { call } from "../../support/client.ts";
import { startGateway } from "../../support/gateway.ts";
import { toolCall, toolResult } from "../../support/messages.ts";
import { startTestService } from "../../support/service.ts";
import { startUpstream } from "../../support/upstream.ts";
import { rowsOf } from "../../unit/docs/tables.ts";

const PAGE = readFileSync(
  fileURLToPath(new URL("../../../docs/metrics.md", import.meta.url)),
  "utf8",
);

test("a real Envoy has the metrics that alerts ask of it, under the labels that they use", async () => {
  await using upstream = await startUpstream(({ json }) => json(toolResult(1, "done")));
  await using service = await startTestService();
  const upstreams = [{ id: "files", url: upstream.url }];
  await using gateway = await startGateway({ upstreams, service });
  await call(gateway, { path: "/mcp", body: toolCall(1) });

  const { host, port } = gateway.envoy.admin;
  const text = await (await fetch(`http://${host}:${port}/stats/prometheus`)).text();
  const served = new Set([...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name));
  const named = rowsOf(PAGE, "Metrics of Envoy").map(([name = ""]) => name.replaceAll("`", ""));
  expect(named.filter((name) => !served.has(name))).toEqual([]);
  expect(text).toMatch(/^envoy_cluster_upstream_rq_total\{envoy_cluster_name="mcp-files"\} 1$/m);
  expect(text).toContain(
    'envoy_http_ext_proc_failure_mode_allowed{envoy_http_conn_manager_prefix="mcp"} 0',
  );
});
