import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import type { Json } from "./sent.ts";
import { shipped } from "./translated.ts";
import type { Surroundings } from "./world.ts";

const FILE_LOG = "type.googleapis.com/envoy.extensions.access_loggers.file.v3.FileAccessLog";

const PARTS = ["lds", "rds", "cds", "eds-impedance", "eds-mcp-files"] as const;

export type Part = (typeof PARTS)[number];

/**
 * Lays `envoy/xds` out in a folder of the run, and gives the bootstrap that reads it from there. Ports
 * and the access log are the test's; nothing else changes.
 */
export function xdsBootstrap(own: Surroundings): Json {
  const folder = folderOf(own);
  mkdirSync(folder);
  for (const part of PARTS) writeFileSync(join(folder, `${part}.yaml`), xdsPart(own, part));
  const bootstrap = parse(moved(shipped("xds/envoy.yaml"), folder));
  bootstrap.admin.address.socket_address.port_value = 0;
  return bootstrap;
}

/** A file of `envoy/xds` as it stands in this run. */
export function xdsPart(own: Surroundings, part: Part): string {
  return moved(shipped(`xds/${part}.yaml`), folderOf(own))
    .replaceAll("port_value: 8070", "port_value: 0")
    .replaceAll("port_value: 9191", `port_value: ${own.servicePort}`)
    .replaceAll("port_value: 3001", `port_value: ${own.serverPort}`)
    .replaceAll("envoy.access_loggers.stdout", "envoy.access_loggers.file")
    .replace(
      /^( *)"@type": \S*\.StdoutAccessLog$/m,
      `$1"@type": ${FILE_LOG}\n$1path: ${own.accessLog}`,
    );
}

/** As an operator or a ConfigMap does it: Envoy sees a file that is moved, not one that grows. */
export function replacePart(own: Surroundings, part: Part, text: string): void {
  const place = join(folderOf(own), `${part}.yaml`);
  writeFileSync(`${place}.new`, text);
  renameSync(`${place}.new`, place);
}

function folderOf({ folder }: Surroundings): string {
  return join(folder, "xds");
}

function moved(text: string, folder: string): string {
  return text.replaceAll("/etc/envoy/xds", folder);
}
