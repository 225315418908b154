import { writeFile } from "node:fs/promises";
import { err, type Result } from "../../core/result.ts";
import { type Starter, starterPolicy } from "../../server/workbench/init.ts";
import { askServer, type KnownTool, readToolsFile } from "../../server/workbench/tools-file.ts";
import type { Command, Options } from "../command.ts";
import { complain, misuse, say } from "../output.ts";
import { tokenOf } from "../tools.ts";
import { FORMAT_HELP, failAs, formatOf } from "./format.ts";
import { loadPolicySettings } from "./settings.ts";

export const initCommand: Command = {
  help: `usage: impedance policy init --from URL|FILE [OPTIONS]

Writes a portable policy for the tools that a server offers. What they do is guessed from their own
words and marked as a guess: what seems to read is allowed, what seems to write, execute or reach
out is denied, and what is unclear stands there as a comment. A person has to read it.

  --from URL|FILE    an MCP server, an inventory (tools.yaml), or a result of tools/list
  --server ID        what rules call the server, where the file does not say    [upstream]
  --token REF        a bearer token for the server, as env:NAME or file:PATH
  --output, -o FILE  where the policy goes; one that is there is kept           [standard output]
${FORMAT_HELP}

examples:
  impedance policy init --from http://127.0.0.1:3001/mcp --server files -o policy.yaml
  impedance policy init --from tools.yaml`,
  options: { from: "text", server: "text", token: "text", output: "text", format: "text" },
  letters: { o: "output" },
  run: init,
};

async function init(options: Options): Promise<number> {
  const format = formatOf(options);
  if (!format.ok) return misuse(format.error);
  const from = options.text("from");
  if (from === undefined) return misuse("--from URL or FILE says whose tools they are");
  const tools = await toolsFrom(from, options);
  if (!tools.ok) return failAs(format.value, tools.error);
  const starter = starterPolicy(tools.value);
  const output = options.text("output");
  const problem = output === undefined ? null : await write(output, starter.text);
  if (problem !== null) return failAs(format.value, [problem]);
  if (format.value === "json") say(JSON.stringify(encode(starter, output)));
  else if (output === undefined) process.stdout.write(starter.text);
  else complain(summaryOf(starter, output));
  return 0;
}

async function toolsFrom(
  from: string,
  options: Options,
): Promise<Result<readonly KnownTool[], readonly string[]>> {
  const server = options.text("server") ?? "upstream";
  if (!/^https?:/.test(from)) {
    const read = await readToolsFile(from, server);
    return read.ok ? read : err([read.error]);
  }
  const url = URL.parse(from);
  if (url === null || url.username !== "" || url.password !== "") {
    return err(["--from is no URL such as http://127.0.0.1:3001/mcp; credentials go into --token"]);
  }
  const token = tokenOf(options);
  if (!token.ok) return err([token.error]);
  const config = await loadPolicySettings(options);
  if (!config.ok) return config;
  const { limits } = config.value;
  const asked = await askServer(url.href, server, { token: token.value, limits });
  return asked.ok ? asked : err([asked.error]);
}

async function write(output: string, text: string): Promise<string | null> {
  try {
    await writeFile(output, text, { flag: "wx" });
    return null;
  } catch (error) {
    const isThere = error instanceof Error && "code" in error && error.code === "EEXIST";
    return isThere
      ? `${output}: is there already, and stays as it is; name another file`
      : `${output}: cannot be written`;
  }
}

function encode({ text, tools }: Starter, output: string | undefined) {
  return { ok: true, file: output ?? null, policy: text, tools };
}

function summaryOf({ tools }: Starter, output: string): string {
  const count = (decision: string) => tools.filter((tool) => tool.decision === decision).length;
  const unclear = count("unclear") + count("left_out");
  return `${output}: ${count("allow")} allowed, ${count("deny")} denied, ${unclear} unclear; all of it guessed: read it`;
}
