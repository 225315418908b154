import { readFile, writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import type { Definitions } from "./positions/examples.ts";
import { messageTypes } from "./positions/messages.ts";

const USAGE = `usage: node scripts/spec-positions.ts --schema FILE --revision REVISION --commit COMMIT --out FILE

Turns a schema.json of the MCP specification into the table that the canary test plants in: each
kind of message, with examples that together have every position where a string can stand.
The schemas: https://github.com/modelcontextprotocol/modelcontextprotocol, schema/<revision>/schema.json.`;

process.exitCode = await main();

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      schema: { type: "string" },
      revision: { type: "string" },
      commit: { type: "string" },
      out: { type: "string" },
    },
  });
  const { schema, revision, commit, out } = values;
  if (!schema || !revision || !commit || !out) {
    console.error(USAGE);
    return 2;
  }
  const document = JSON.parse(await readFile(schema, "utf8")) as {
    readonly definitions?: Definitions;
    readonly $defs?: Definitions;
  };
  const source = {
    repository: "modelcontextprotocol/modelcontextprotocol",
    path: `schema/${revision}/schema.json`,
    commit,
  };
  const messages = messageTypes(document.definitions ?? document.$defs ?? {}, revision);
  const rows = messages.map((message) => `    ${JSON.stringify(message)}`).join(",\n");
  const head = `  "source": ${JSON.stringify(source)},\n  "revision": ${JSON.stringify(revision)},`;
  await writeFile(out, `{\n${head}\n  "messages": [\n${rows}\n  ]\n}\n`);
  return 0;
}
