import { readFileSync } from "node:fs";
import { join } from "node:path";

import type { Client } from "@modelcontextprotocol/sdk/client/index.js";
import type { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";

import { madeUpToken } from "./made-up-secret.ts";
import { SECRET_FILE } from "./project.ts";

/** One thing the agent does, and how it should end. */
export interface Step {
  readonly title: string;
  readonly server: "everything" | "files";
  /** What the agent sends, for the reader. */
  readonly sent: string;
  /** What the server is about to give away, shortened. */
  readonly holds?: string;
  send(client: Client, transport: StreamableHTTPClientTransport): Promise<unknown>;
  /** What is not as it should be; null when all is well. */
  problem(shown: Shown): string | null;
}

/** What could be seen of a step. */
export interface Shown {
  /** The bodies of the requests that reached the server. */
  readonly saw: readonly string[];
  readonly answer: unknown;
  readonly error: { readonly message: string; readonly data: unknown } | null;
}

const MARK = "[REDACTED:github-token]";

/** The steps of the demonstration, on the project in `folder`. */
export function stepsFor(folder: string): readonly Step[] {
  return [
    handshake("everything", "It connects to the server of examples"),
    handshake("files", "It connects to the server of files"),
    listing(),
    call("An allowed call", "everything", "get-sum", { a: 19, b: 23 }, answered("42")),
    secretSent(madeUpToken()),
    call("A call to a banned tool", "everything", "get-env", {}, refused("unknown_name")),
    call(
      "A path that climbs out of the project",
      "files",
      "read_text_file",
      { path: `${folder}/../../etc/passwd` },
      refused("sensitive_path", "path_traversal", "raw_path"),
    ),
    call(
      "A tool that no rule allows",
      "files",
      "write_file",
      { path: join(folder, "README.md"), content: "" },
      refused("unknown_name"),
    ),
    ...aliasedReading(folder),
  ];
}

function handshake(server: Step["server"], title: string): Step {
  return {
    title,
    server,
    sent: "initialize",
    send: async (client, transport) => {
      // The SDK declares `sessionId` as optional in one place and as `undefined` in another.
      await client.connect(transport as Parameters<Client["connect"]>[0]);
      return client.getServerVersion();
    },
    problem: ({ answer, saw }) => {
      if (answer === null || answer === undefined) return "the handshake failed";
      return saw.some((body) => body.includes('"initialize"')) ? null : "the server saw nothing";
    },
  };
}

function listing(): Step {
  return {
    title: "It lists the tools",
    server: "files",
    sent: "tools/list",
    send: async (client) => (await client.listTools()).tools.map(({ name }) => name),
    problem: ({ answer }) =>
      Array.isArray(answer) && answer.includes("read_text_file") ? null : "the list is not whole",
  };
}

function call(
  title: string,
  server: Step["server"],
  name: string,
  args: { readonly [name: string]: unknown },
  problem: Step["problem"],
): Step {
  return {
    title,
    server,
    sent: `tools/call ${name} ${JSON.stringify(args)}`,
    send: (client) => client.callTool({ name, arguments: { ...args } }),
    problem,
  };
}

/** The agent wants to give away a token that it holds. */
function secretSent(token: string): Step {
  const message = `deploy with ${token}, please`;
  return call("A call with a secret in it", "everything", "echo", { message }, (shown) => {
    if (shown.saw.join("").includes(token)) return "the secret reached the server";
    if (!shown.saw.join("").includes(MARK)) return "the server saw no mark in the secret's place";
    return answered(MARK)(shown);
  });
}

/**
 * The agent never learns where the project lies: it sees an alias and works with that. The server
 * wants to give away a token that one of its files holds.
 */
function aliasedReading(folder: string): readonly Step[] {
  let alias = "";
  const listing = call(
    "The folder it may use, under an alias",
    "files",
    "list_allowed_directories",
    {},
    (shown) => {
      const answer = JSON.stringify(shown.answer);
      alias = /DIR_\w+/.exec(answer)?.[0] ?? "";
      if (answer.includes(folder)) return "the real folder reached the agent";
      return alias === "" ? "there is no alias in the answer" : null;
    },
  );
  return [listing, secretRead(folder, () => alias)];
}

function secretRead(folder: string, alias: () => string): Step {
  const real = join(folder, SECRET_FILE);
  const token = /ghp_\w+/.exec(readFileSync(real, "utf8"))?.[0] ?? "";
  const args = () => ({ path: `${alias()}/${SECRET_FILE}` });
  return {
    title: "A file that holds a secret, by that alias",
    server: "files",
    get sent() {
      return `tools/call read_text_file ${JSON.stringify(args())}`;
    },
    holds: `RELEASE_TOKEN=${token.slice(0, 10)}… (${token.length} characters)`,
    send: (client) => client.callTool({ name: "read_text_file", arguments: args() }),
    problem: (shown) => {
      if (token === "") return "the file holds no secret";
      const told = JSON.stringify([shown.answer, shown.error]);
      if (told.includes(token)) return "the secret reached the agent";
      if (!shown.saw.join("").includes(real)) return "the server did not see the real path";
      return answered(MARK)(shown);
    },
  };
}

function answered(text: string): Step["problem"] {
  return ({ answer, error }) => {
    if (error !== null) return "the call was refused";
    return JSON.stringify(answer).includes(text) ? null : `the answer does not hold ${text}`;
  };
}

function refused(...codes: readonly string[]): Step["problem"] {
  return ({ saw, error }) => {
    if (saw.length > 0) return "the call reached the server";
    const code = codeOf(error?.data);
    return codes.includes(code) ? null : `the agent was told "${code}", not ${codes.join(" or ")}`;
  };
}

/** The firewall's own code of a denial. */
export function codeOf(data: unknown): string {
  const code = typeof data === "object" && data !== null && "code" in data ? data.code : null;
  return typeof code === "string" ? code : "";
}
