/** envoy/xds, read by the real Envoy from files. */

import { expect, test } from "vitest";
import { call } from "../../support/client.ts";
import { describeMesh } from "../../support/mesh/contract.ts";
import { type Mesh, type Surroundings, startWorld, UNAVAILABLE } from "../../support/mesh/world.ts";
import { replacePart, xdsBootstrap, xdsPart } from "../../support/mesh/xds-files.ts";
import { toolCall, toolResult } from "../../support/messages.ts";
import { waitFor } from "../../support/wait.ts";

const MESH: Mesh = {
  configure: xdsBootstrap,
  path: "/files/mcp",
  serverPath: "/mcp",
  server: "files",
  tls: "none",
  link: "port",
  refusal: UNAVAILABLE,
};

describeMesh("xDS from files", MESH);

async function started() {
  const seen: Surroundings[] = [];
  const configure: Mesh["configure"] = (own) => {
    seen.push(own);
    return xdsBootstrap(own);
  };
  const world = await startWorld({ ...MESH, configure });
  const [own] = seen;
  if (own === undefined) throw new Error("nothing was configured");
  world.answer(({ json }) => json(toolResult(1, "done")));
  const send = (path: string) => call(world.target, { path, body: toolCall(1) });
  return { world, own, send, [Symbol.asyncDispose]: () => world[Symbol.asyncDispose]() };
}

test("a route that comes by a new file is behind the filter, too", async () => {
  await using running = await started();
  const { own, send, world } = running;
  // Nobody's route: Impedance itself answers.
  expect((await send("/more/mcp")).status).toBe(404);
  replacePart(own, "rds", xdsPart(own, "rds").replaceAll("/files/mcp", "/more/mcp"));
  await waitFor("the new route", async () => (await send("/more/mcp")).status === 200);
  expect(world.service.decisions.at(-1)?.input).toMatchObject({ server: { id: "files" } });
  await world.service.stop();
  expect((await send("/more/mcp")).status).toBe(503);
});

test("where Impedance's endpoints, or its cluster, are taken away, nothing passes", async () => {
  await using running = await started();
  const { own, send, world } = running;
  expect((await send("/files/mcp")).status).toBe(200);
  replacePart(own, "cds", xdsPart(own, "cds").replace("name: impedance", "name: elsewhere"));
  await waitFor("the cluster's end", async () => (await send("/files/mcp")).status === 503);
  const reached = world.upstream.requests.length;
  await send("/files/mcp");
  expect(world.upstream.requests).toHaveLength(reached);
});

test("a listener that Envoy cannot read does not take the place of the one that is there", async () => {
  await using running = await started();
  const { own, send, world } = running;
  replacePart(own, "lds", xdsPart(own, "lds").replace("failure_mode_allow", "failure_mode_alow"));
  await waitFor("the refusal in Envoy's own account", () => world.refusedUpdates());
  expect((await send("/files/mcp")).status).toBe(200);
  await world.service.stop();
  expect((await send("/files/mcp")).status).toBe(503);
});
