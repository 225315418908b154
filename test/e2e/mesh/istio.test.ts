/** What Istio's pilot makes of our files, run in the real Envoy. */

import { expect, test } from "vitest";
import { call } from "../../support/client.ts";
import { describeMesh } from "../../support/mesh/contract.ts";
import { kept } from "../../support/mesh/translated.ts";
import {
  type Mesh,
  type OwnCertificates,
  sentMesh,
  startWorld,
  UNAVAILABLE,
} from "../../support/mesh/world.ts";
import { toolCall, toolResult } from "../../support/messages.ts";

const GATEWAY: Mesh = {
  configure: sentMesh(kept("istio-gateway"), ({ certificates, servicePort, serverPort }) => ({
    listener: "0.0.0.0_443",
    ports: {
      impedance: servicePort,
      "outbound|3001||files.mcp-servers.svc.cluster.local": serverPort,
    },
    secrets: { "kubernetes://mcp-example-com": certificates.listener },
    texts: { "mcp.example.com": "localhost", ...mounted(certificates) },
  })),
  path: "/files/mcp",
  serverPath: "/mcp",
  server: "files",
  tls: "server",
  link: "mutual",
  refusal: UNAVAILABLE,
};

const SIDECAR: Mesh = {
  configure: sentMesh(kept("istio-sidecar"), ({ certificates, servicePort, serverPort }) => ({
    listener: "virtualInbound",
    chain: "0.0.0.0_3001",
    ports: { impedance: servicePort, "inbound|3001||": serverPort },
    secrets: { default: certificates.listener, ROOTCA: { caFile: certificates.caFile } },
    texts: mounted(certificates),
  })),
  path: "/mcp",
  serverPath: "/mcp",
  server: "files",
  tls: "mutual",
  link: "mutual",
  refusal: UNAVAILABLE,
};

/** What deployment.yaml mounts. */
function mounted({ caFile, gateway }: OwnCertificates) {
  return {
    "/etc/impedance-tls/tls.crt": gateway.certFile,
    "/etc/impedance-tls/tls.key": gateway.keyFile,
    "/etc/impedance-tls/ca.crt": caFile,
    '"/etc/impedance-tls"': JSON.stringify(caFile.replace(/\/[^/]*$/, "")),
  };
}

describeMesh("Istio, at the gateway", GATEWAY);
describeMesh("Istio, in a sidecar", SIDECAR);

test("a sidecar tells Impedance by whose certificate it is called, and from where", async () => {
  await using world = await startWorld(SIDECAR);
  world.answer(({ json }) => json(toolResult(1, "done")));
  const headers = { "x-forwarded-for": "9.9.9.9" };
  await call(world.target, { path: "/mcp", headers, body: toolCall(1) });
  // Masked in the record, where it would be null if nobody had shown a certificate.
  expect(world.service.decisions.at(-1)?.input).toMatchObject({
    source: { ip: "127.0.0.1", spiffe: expect.stringMatching(/^hmac:/) },
  });
});
