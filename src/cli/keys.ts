import { newApiKey } from "../server/new-api-key.ts";
import type { Command, CommandGroup, Options } from "./command.ts";
import { EXIT } from "./exit-codes.ts";
import { complain, misuse, say } from "./output.ts";

const ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
const ROLE = /^[A-Za-z0-9._:/-]{1,256}$/;

const newCommand: Command = {
  help: `usage: impedance keys new --id ID [--roles ROLE,…] [--scopes SCOPE,…] [--expires TIME]

Prints a fresh API key on standard output, which is the only time that anybody sees it, and on
standard error the entry for authentication.api_keys.keys of the configuration, which holds its
SHA-256 alone. Nothing is written to a file.

  --id ID          names the key in policies and in the log, as key:ID
  --roles A,B      the roles it gives
  --scopes A,B     the scopes it gives
  --expires TIME   when it ends, as 2027-01-01T00:00:00Z

examples:
  impedance keys new --id ci --roles deploy > ci.key`,
  options: { id: "text", roles: "text", scopes: "text", expires: "text" },
  run: async (options) => create(options),
};

function create(options: Options): number {
  const id = options.text("id");
  if (id === undefined || !ID.test(id)) {
    return misuse("--id ID names the key: up to 64 letters, digits and . _ -");
  }
  const expires = options.text("expires");
  if (expires !== undefined && !isTime(expires)) {
    return misuse(`--expires ${expires} is no time such as 2027-01-01T00:00:00Z`);
  }
  const roles = listOf(options.text("roles"));
  const scopes = listOf(options.text("scopes"));
  if (![...roles, ...scopes].every((name) => ROLE.test(name))) {
    return misuse("--roles and --scopes take names separated by commas");
  }
  const { key, hash } = newApiKey();
  say(key);
  const entry = { id, hash, roles, scopes, ...(expires === undefined ? {} : { expires }) };
  complain(`entry for authentication.api_keys.keys:\n  - ${encode(entry)}`);
  return EXIT.ok;
}

/** YAML that is JSON too, with room around it. */
function encode(entry: { readonly [name: string]: string | readonly string[] }): string {
  const members = Object.entries(entry).filter(([, value]) => value.length > 0);
  return `{ ${members.map(([name, value]) => `${name}: ${JSON.stringify(value)}`).join(", ")} }`;
}

function listOf(text: string | undefined): readonly string[] {
  return (text ?? "").split(",").filter((name) => name !== "");
}

function isTime(text: string): boolean {
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(text) && !Number.isNaN(Date.parse(text));
}

export const keysCommands: CommandGroup = {
  help: `usage: impedance keys COMMAND [OPTIONS]

docs/identity.md says how callers show who they are.`,
  commands: [
    {
      name: "new",
      summary: "a fresh API key, and the entry that lets it in",
      load: async () => newCommand,
    },
  ],
};
