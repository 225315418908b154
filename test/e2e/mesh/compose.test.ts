/** envoy/compose: its Envoy in front of a server, and its Impedance as compose.yaml starts it. */

import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { parse } from "yaml";
import { locateEnvoy } from "../../../src/cli/envoy/locate.ts";
import { describeMesh } from "../../support/mesh/contract.ts";
import { shipped } from "../../support/mesh/translated.ts";
import { type Surroundings, UNAVAILABLE } from "../../support/mesh/world.ts";
import { waitFor } from "../../support/wait.ts";
import { impedance, startImpedance } from "../cli/command.ts";

const folder = mkdtempSync(join(tmpdir(), "impedance-compose-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describeMesh("Compose", {
  configure,
  path: "/everything/mcp",
  serverPath: "/mcp",
  server: "everything",
  tls: "none",
  link: "socket",
  refusal: UNAVAILABLE,
});

/** The containers' names and paths become this machine's; nothing else changes. */
function configure({ serviceSocket, serverPort, accessLog }: Surroundings) {
  const bootstrap = parse(
    shipped("compose/envoy.yaml")
      .replaceAll("address: 0.0.0.0, port_value: 8070", "address: 127.0.0.1, port_value: 0")
      .replaceAll("port_value: 9901", "port_value: 0")
      .replaceAll("/run/impedance/grpc.sock", serviceSocket)
      .replaceAll(
        "address: everything, port_value: 3001",
        `address: 127.0.0.1, port_value: ${serverPort}`,
      ),
  );
  const [listener] = bootstrap.static_resources.listeners;
  for (const log of listener.filter_chains[0].filters[0].typed_config.access_log) {
    log.name = "envoy.access_loggers.file";
    log.typed_config["@type"] =
      "type.googleapis.com/envoy.extensions.access_loggers.file.v3.FileAccessLog";
    log.typed_config.path = accessLog;
  }
  return bootstrap;
}

test("its Envoy's configuration is valid as shipped", () => {
  const file = join(folder, "envoy.yaml");
  writeFileSync(file, shipped("compose/envoy.yaml"));
  const args = ["--mode", "validate", "--use-dynamic-base-id", "-l", "warn", "-c", file];
  const { stdout, stderr } = spawnSync(locateEnvoy(), args, { encoding: "utf8" });
  expect(stdout + stderr).toContain("OK");
});

test("Impedance starts with the arguments and files of compose.yaml, and its health check holds", async () => {
  const { services } = parse(shipped("compose/compose.yaml"), { merge: true });
  const { command, healthcheck, volumes } = services.impedance;
  const moved = (text: string): string =>
    text.replaceAll(/(?<![\w/])\/(etc\/impedance|run\/impedance|home\/nonroot)/g, `${folder}/$1`);
  for (const { source, target, type } of volumes) {
    if (type === "volume") mkdirSync(moved(target), { recursive: true });
    else {
      mkdirSync(join(moved(target), ".."), { recursive: true });
      writeFileSync(moved(target), moved(shipped(join("compose", source))));
    }
  }
  await using running = startImpedance([...command.map(moved), "--admin", "127.0.0.1:0"]);
  const [, , , ...health] = healthcheck.test.map(moved);
  await waitFor("its health", async () => (await impedance(health)).code === 0);
  expect(running.stderr()).not.toContain('"level":"error"');
});
