import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createServer } from "node:net";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";

import { portOwner } from "../src/cli/envoy/port-owner.ts";
import type { Config, Secret } from "../src/config/config.ts";
import { formatConfigError } from "../src/config/config-error.ts";
import { loadConfig } from "../src/config/load-config.ts";
import { type Address, encodeAddress } from "../src/core/address.ts";

/** The file that a newcomer edits. */
export const CONFIG_FILE = fileURLToPath(new URL("impedance.yaml", import.meta.url));

/** The demonstration's configuration; throws everything that is wrong with it. */
export async function loadDemoConfig(): Promise<Config> {
  const text = await readFile(CONFIG_FILE, "utf8");
  const config = loadConfig(text, CONFIG_FILE, process.env);
  if (!config.ok) throw new Error(config.error.map(formatConfigError).join("\n"));
  for (const id of ["everything", "files"]) {
    if (!config.value.servers.has(id)) throw new Error(`${CONFIG_FILE}: the server ${id} is gone`);
  }
  return config.value;
}

/** What only this run knows, in the place of the file's examples. */
export interface RunFacts {
  /** Addresses by server. */
  readonly urls: ReadonlyMap<string, string>;
  readonly project: string;
  readonly logFile: string;
}

/** The configuration with this run's addresses and folder; other servers stay as they are. */
export function configForRun(config: Config, { urls, project, logFile }: RunFacts): Config {
  const servers = [...config.servers].map(([id, server]) => {
    const roots = id === "files" ? new Map([["project", project]]) : server.roots;
    return [id, { ...server, url: urls.get(id) ?? server.url, roots }] as const;
  });
  const audit = { ...config.audit, sink: "file", file: logFile } as const;
  const ownPaths = [...config.ownPaths, resolve(logFile)];
  const aliases = { ...config.aliases, key: config.aliases.key ?? keyOfThisRun() };
  return { ...config, servers: new Map(servers), audit, ownPaths, aliases };
}

/** The project is another one in each run, and so are the aliases of its paths. */
function keyOfThisRun(): Secret {
  const key = randomBytes(32);
  return { reference: "made for this run", reveal: () => key };
}

/** A port that is taken gives way to any free one, and `tell` learns who has it. */
export async function freeAddress(
  address: Address,
  purpose: string,
  tell: (sentence: string) => void,
): Promise<Address> {
  if (address.port === 0 || (await canListen(address))) return address;
  const owner = (await portOwner(address.host, address.port)) ?? "another process";
  tell(`${encodeAddress(address)} (${purpose}) is taken by ${owner}: taking a free port instead`);
  return { ...address, port: 0 };
}

function canListen({ host, port }: Address): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, host, () => server.close(() => resolve(true)));
  });
}
