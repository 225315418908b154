import { relative } from "node:path";
import { styleText } from "node:util";

import { hasColor } from "../src/cli/output.ts";
import type { Config } from "../src/config/config.ts";
import type { Address } from "../src/core/address.ts";
import { CONFIG_FILE } from "./settings.ts";

export interface BannerFacts {
  /** Where agents connect, by server. */
  readonly urls: { readonly [server: string]: string };
  readonly config: Config;
  readonly project: string;
  readonly admin: Address;
  readonly demoCommand: string;
}

/** What a newcomer needs to see once everything runs. */
export function banner({ urls, config, project, admin, demoCommand }: BannerFacts): string {
  const color = hasColor(process.stdout);
  const bold = (text: string) =>
    color ? styleText("bold", text, { validateStream: false }) : text;
  const dim = (text: string) => (color ? styleText("dim", text, { validateStream: false }) : text);
  const rows = [
    ...Object.entries(urls).map(([server, url]) => [server, bold(url)]),
    ["configuration", shortened(CONFIG_FILE)],
    ["policy", shortened(config.policy.file ?? "none")],
    ["decisions", shortened(config.audit.file ?? "none")],
    ["metrics", `http://${admin.host}:${admin.port}/metrics`],
    ["project", project],
  ];
  return [
    "",
    `  ${bold("Impedance")} stands in front of two MCP servers.`,
    "",
    ...rows.map(([name = "", value = ""]) => `  ${dim(name.padEnd(14))}${value}`),
    "",
    `  In a second terminal: ${bold(demoCommand)}`,
    `  ${dim("Ctrl-C ends everything. Each line below is one decision.")}`,
    "",
  ].join("\n");
}

/** Relative to where we stand, if that is shorter. */
function shortened(path: string): string {
  const short = relative(process.cwd(), path);
  return short !== "" && short.length < path.length ? short : path;
}
