/** Meshes that ask by ext_authz: what their control planes make of our files, in the real Envoy. */

import { describe, expect, test } from "vitest";
import { call } from "../../support/client.ts";
import { type Json, managersOf, type Sent } from "../../support/mesh/sent.ts";
import { kept } from "../../support/mesh/translated.ts";
import { type Mesh, sentMesh, startWorld, UNAVAILABLE } from "../../support/mesh/world.ts";
import { SECRET, toolCall, toolResult } from "../../support/messages.ts";

const COMMON = {
  path: "/files/mcp",
  serverPath: "/mcp",
  server: "files",
  tls: "server",
  link: "mutual",
  refusal: { ...UNAVAILABLE, body: null },
} as const;

interface AskingMesh {
  readonly title: string;
  readonly golden: string;
  readonly of: (sent: Sent) => Mesh;
}

const MESHES: readonly AskingMesh[] = [
  {
    title: "Istio, by extensionProviders",
    golden: "istio-ext-authz",
    of: (sent) => ({
      ...COMMON,
      configure: sentMesh(sent, ({ certificates, servicePort, serverPort }) => ({
        listener: "0.0.0.0_443",
        ports: {
          "outbound|9191||impedance.impedance.svc.cluster.local": servicePort,
          "outbound|3001||files.mcp-servers.svc.cluster.local": serverPort,
        },
        secrets: {
          "kubernetes://mcp-example-com": certificates.listener,
          "file-cert:/etc/impedance-tls/tls.crt~/etc/impedance-tls/tls.key": certificates.gateway,
          "file-root:/etc/impedance-tls/ca.crt": { caFile: certificates.caFile },
        },
        texts: { "mcp.example.com": "localhost" },
      })),
    }),
  },
  {
    title: "Envoy Gateway, by SecurityPolicy",
    golden: "envoy-gateway-ext-authz",
    of: (sent) => ({
      ...COMMON,
      configure: sentMesh(sent, ({ certificates, servicePort, serverPort }) => ({
        listener: "gateway/mcp/https",
        ports: {
          "securitypolicy/gateway/impedance/extauth/0": servicePort,
          "httproute/gateway/mcp/rule/0": serverPort,
        },
        secrets: {
          "gateway/mcp-example-com": certificates.listener,
          "gateway/impedance-gateway-tls": certificates.gateway,
          "impedance/gateway-ca": { caFile: certificates.caFile },
        },
        texts: { "mcp.example.com": "localhost" },
      })),
    }),
  },
];

const send = (world: { readonly target: Parameters<typeof call>[0] }, text: string) =>
  call(world.target, { path: COMMON.path, body: toolCall(1, { text }) });

describe.each(MESHES)("$title", ({ of, golden }) => {
  test("a call that needs no change passes, and one with a secret reaches no server", async () => {
    await using world = await startWorld(of(kept(golden)));
    world.answer(({ json }) => json(toolResult(1, "done")));
    expect((await send(world, "hello")).text).toContain("done");
    expect(world.service.decisions.at(-1)?.input).toMatchObject({ server: { id: "files" } });
    const reply = await send(world, SECRET);
    expect(reply.text).toContain("error");
    expect(world.upstream.requests).toHaveLength(1);
    expect(world.service.faults).toEqual([]);
  });

  test("without Impedance nothing passes", async () => {
    await using world = await startWorld(of(kept(golden)));
    await world.service.stop();
    expect((await send(world, "hello")).status).toBe(503);
    expect(world.upstream.seen()).toHaveLength(0);
  });

  test.each([
    {
      title: "the body as bytes",
      without: (filter: Json) => delete filter.withRequestBody.packAsBytes,
    },
    { title: "the body", without: (filter: Json) => delete filter.withRequestBody },
  ])("a filter that does not send $title lets no call pass", async ({ without }) => {
    const sent = kept(golden);
    for (const filter of sent.listeners.flatMap(managersOf).flatMap(authzOf)) without(filter);
    await using world = await startWorld(of(sent));
    const reply = await send(world, "hello");
    expect(reply.status).toBeGreaterThanOrEqual(400);
    expect(world.upstream.seen()).toHaveLength(0);
  });

  test("a route that does not say which server it leads to leads nowhere", async () => {
    const text = JSON.stringify(kept(golden)).replaceAll(
      '"contextExtensions":{"server":"files"}',
      '"contextExtensions":{}',
    );
    await using world = await startWorld(of(JSON.parse(text) as Sent));
    const reply = await send(world, "hello");
    expect(reply.text).toContain("unknown_server");
    expect(world.upstream.seen()).toHaveLength(0);
  });
});

function authzOf({ httpFilters }: Json): readonly Json[] {
  return httpFilters
    .map(({ typedConfig }: Json) => typedConfig)
    .filter((config: Json) => config["@type"].endsWith(".ExtAuthz"));
}
