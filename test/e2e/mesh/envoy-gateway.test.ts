/** What Envoy Gateway makes of our files, run in the real Envoy. */

import { describeMesh } from "../../support/mesh/contract.ts";
import { kept } from "../../support/mesh/translated.ts";
import { sentMesh, UNAVAILABLE } from "../../support/mesh/world.ts";

describeMesh("Envoy Gateway", {
  configure: sentMesh(kept("envoy-gateway"), ({ certificates, servicePort, serverPort }) => ({
    listener: "gateway/mcp/https",
    ports: {
      "envoyextensionpolicy/gateway/impedance/extproc/0": servicePort,
      "httproute/gateway/mcp/rule/0": serverPort,
    },
    secrets: {
      "gateway/mcp-example-com": certificates.listener,
      "gateway/impedance-gateway-tls": certificates.gateway,
      "impedance/gateway-ca": { caFile: certificates.caFile },
    },
    texts: { "mcp.example.com": "localhost" },
  })),
  path: "/files/mcp",
  serverPath: "/mcp",
  server: "files",
  tls: "server",
  link: "mutual",
  refusal: UNAVAILABLE,
});
