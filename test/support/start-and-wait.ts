// Starts an Envoy, prints its process id, and waits to be killed. Run as a program by a test.
import { bootstrapFor } from "../../src/cli/envoy/configuration.ts";
import { locateEnvoy } from "../../src/cli/envoy/locate.ts";
import { startEnvoy } from "../../src/cli/envoy/process.ts";
import { readTemplate } from "./gateway.ts";

const anyPort = { host: "127.0.0.1", port: 0 };
const envoy = await startEnvoy({
  binary: locateEnvoy(),
  configuration: bootstrapFor(await readTemplate(), {
    listen: anyPort,
    admin: anyPort,
    service: { host: "127.0.0.1", port: 9191 },
    upstreams: [{ id: "files", url: "http://127.0.0.1:3001/mcp" }],
    accessLog: null,
  }),
  ...(process.argv[2] === undefined ? {} : { folder: process.argv[2] }),
  log: () => undefined,
  concurrency: 1,
});
console.log(envoy.pid);
