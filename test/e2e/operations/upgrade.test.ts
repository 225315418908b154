/** One service takes over from another as docs/operations.md says: no call is lost by it. */
import { mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { call } from "../../support/client.ts";
import { startGateway } from "../../support/gateway.ts";
import { toolCall, toolResult } from "../../support/messages.ts";
import { startReloadingService } from "../../support/reloading-service.ts";
import { ALLOW_TOOLS } from "../../support/service.ts";
import { startUpstream } from "../../support/upstream.ts";
import { waitFor } from "../../support/wait.ts";

const CALLERS = 4;
const CALLS_MIN = 200;

/** What Envoy reads in a file: where the cluster `impedance` is. */
function endpoints(port: number, version: number): string {
  const address = { socket_address: { address: "127.0.0.1", port_value: port } };
  return JSON.stringify({
    version_info: String(version),
    resources: [
      {
        "@type": "type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment",
        cluster_name: "impedance",
        endpoints: [{ lb_endpoints: [{ endpoint: { address } }] }],
      },
    ],
  });
}

test("calls go on, also one that is open meanwhile, while a service replaces another", async () => {
  const folder = await mkdtemp(join(tmpdir(), "impedance-upgrade-"));
  const file = join(folder, "impedance.json");
  const policy = join(folder, "policy.yaml");
  await writeFile(policy, ALLOW_TOOLS);
  const decided = { old: 0, next: 0 };
  const old = await startReloadingService(policy, { onDecision: () => decided.old++ });
  const next = await startReloadingService(policy, { onDecision: () => decided.next++ });
  await writeFile(file, endpoints(old.grpcPort, 1));
  const slow = Promise.withResolvers<void>();
  const isOpen = Promise.withResolvers<void>();
  await using upstream = await startUpstream(async ({ request, json }) => {
    const { id, params } = JSON.parse(String(await request.whole));
    if (params.name === "slow") {
      isOpen.resolve();
      await slow.promise;
    }
    json(toolResult(id, "done"));
  });
  await using gateway = await startGateway({
    upstreams: [{ id: "files", url: upstream.url }],
    service: { port: old.grpcPort },
    override: (bootstrap) => followFile(bootstrap, folder, file),
  });
  const ask = (id: number, tool: string) =>
    call(gateway, { path: "/mcp", body: toolCall(id, {}, tool) });
  const answers = new Map<string, number>();
  let sent = 0;
  let isOver = false;
  const caller = async (): Promise<void> => {
    while (!isOver || sent < CALLS_MIN) {
      const { status, text } = await ask(++sent, "work");
      const key = `${status} ${text.includes("done")}`;
      answers.set(key, (answers.get(key) ?? 0) + 1);
    }
  };
  let callers: Promise<unknown> | null = null;
  try {
    callers = Promise.all(Array.from({ length: CALLERS }, caller));
    await waitFor("the old service to decide", () => decided.old > 0);
    const open = ask(0, "slow");
    await isOpen.promise;

    await writeFile(`${file}.new`, endpoints(next.grpcPort, 2));
    await rename(`${file}.new`, file);
    await waitFor("the new service to decide", () => decided.next > 20);
    const admin = `http://127.0.0.1:${old.admin?.port}/metrics`;
    await waitFor("only the open call to be at the old service", async () =>
      /^impedance_streams_open 1$/m.test(await (await fetch(admin)).text()),
    );
    const ended = old.stop();
    slow.resolve();
    expect((await open).text).toContain("done");
    expect(await ended).toEqual({ isLogWhole: true });
    isOver = true;
    await callers;
    expect([...answers.keys()]).toEqual(["200 true"]);
  } finally {
    isOver = true;
    slow.resolve();
    await callers?.catch(() => {});
    await next.stop();
    await rm(folder, { recursive: true, force: true });
  }
});

/** The cluster of the filter is where a file says, read again when it is replaced. */
function followFile(bootstrap: object, folder: string, file: string): void {
  const { static_resources: resources } = bootstrap as {
    readonly static_resources: { readonly clusters: { name: string; [field: string]: unknown }[] };
  };
  const cluster = resources.clusters.find(({ name }) => name === "impedance");
  if (cluster === undefined) throw new Error("no cluster impedance");
  delete cluster.load_assignment;
  cluster.type = "EDS";
  cluster.eds_cluster_config = {
    eds_config: {
      resource_api_version: "V3",
      path_config_source: { path: file, watched_directory: { path: folder } },
    },
  };
  Object.assign(bootstrap, { node: { id: "gateway", cluster: "gateway" } });
}
