import type { Json } from "../../scripts/positions/examples.ts";
import type { MessageType } from "../../scripts/positions/messages.ts";
import { defaultConfig } from "../../src/config/load-config.ts";
import type { Forward, RequestHead, Verdict } from "../../src/core/exchange.ts";
import { PII_KINDS } from "../../src/core/pii.ts";
import { encodeMirrored } from "../../src/mcp/message/header-mirror.ts";
import { inspectorOf, loadGuards } from "../../src/server/load-guards.ts";
import { pathGuardOf } from "../../src/server/paths.ts";
import {
  answerHead,
  createDataPath,
  type DataPath,
  headOf,
  STILL_CLOCK,
} from "../golden/data-path.ts";

export const ROOT = "/srv/projects/app";

const ALLOW_EVERYTHING = `
policy_id: canary
version: "1.0"
default: allow
`;

/** What reached the other side, all of it; null when nothing did. */
export type Delivered = string | null;

/** Every guard at work, aliases for one root, and a policy that allows everything. */
export async function createCanaryPath(): Promise<DataPath> {
  const defaults = defaultConfig({});
  if (!defaults.ok) throw new Error("the defaults are a configuration");
  const kinds = PII_KINDS.filter((kind) => kind !== "ip_address");
  const on = { enabled: true, request: true, response: true, kinds, denyKeys: [] };
  const config = { ...defaults.value, pii: { ...on, servers: new Map() } };
  const guards = await loadGuards(config, { redact: null, detect: null, only: null, onFault() {} });
  if (!guards.ok) throw new Error(guards.error.join("\n"));
  const server = {
    id: "files",
    url: "http://127.0.0.1:1/mcp",
    path: "/mcp",
    protocol: "http1",
    caFile: null,
    roots: new Map([["app", ROOT]]),
    denial: "jsonrpc",
    padding: { scheme: { kind: "off" }, jitterMaxMs: 0 },
    responseHeadDeadlineMs: config.limits.responseHeadDeadlineMs,
    tools: new Map(),
    inventoryMode: "observe",
    forwardCredentials: null,
    upstreamCredentials: null,
  } as const;
  const paths = pathGuardOf({
    ...config,
    servers: new Map([["files", server]]),
    aliases: { ...config.aliases, mode: "on" },
  });
  const inspector = inspectorOf(config, guards.value, STILL_CLOCK);
  return createDataPath({
    policy: ALLOW_EVERYTHING,
    // Methods that the allow-list does not know are read all the same, for whoever allows them.
    decide: (decision) =>
      decision.reasons.every(({ code }) => code === "unknown_method")
        ? { ...decision, allow: true, reasons: [] }
        : decision,
    dependencies: (real) => ({ ...real, inspector, paths }),
  });
}

/** What the server gets of a message that the client posts, its headers included. */
export async function sentToServer(
  path: DataPath,
  message: Json,
  revision: string,
): Promise<Delivered> {
  const head = headFor(message, revision);
  const exchange = path.firewall.open(head);
  const first = await exchange.requestHead();
  if (first.kind === "deny") return null;
  const verdict = await exchange.request(Buffer.from(JSON.stringify(message)));
  exchange.close();
  if (verdict.kind === "deny") return null;
  return `${headersOf(head, verdict)}\n${Buffer.from(verdict.body).toString("utf8")}`;
}

/** What the client gets of a message from the server, as JSON or in a stream. */
export async function sentToClient(
  path: DataPath,
  { kind, method }: Pick<MessageType, "kind" | "method">,
  message: Json,
  revision: string,
  as: "json" | "event",
): Promise<Delivered> {
  const request = requestFor(kind === "result" ? method : null, revision);
  const exchange = path.firewall.open(headFor(request, revision));
  const first = await exchange.requestHead();
  if (first.kind === "deny") throw new Error("the request's head was denied");
  const asked = await exchange.request(Buffer.from(JSON.stringify(request)));
  if (asked.kind === "deny") throw new Error(`denied: ${asked.denial.metadata.reasons}`);
  const text = JSON.stringify(message);
  if (as === "json") {
    exchange.responseHead(answerHead(200));
    const verdict = await exchange.response(Buffer.from(text));
    exchange.close();
    return bodyOf(verdict);
  }
  exchange.responseHead(answerHead(200, { "content-type": "text/event-stream" }));
  const output = await exchange.streamChunk(Buffer.from(`data: ${text}\n\n`), false);
  exchange.close();
  return Buffer.from(output.bytes).toString("utf8");
}

function bodyOf(verdict: Verdict): string {
  const bytes = verdict.kind === "deny" ? verdict.denial.body : verdict.body;
  return Buffer.from(bytes).toString("utf8");
}

const VERSION = "io.modelcontextprotocol/protocolVersion";

/** A request that the message may answer. */
function requestFor(method: string | null, revision: string): Json {
  const meta = {
    [VERSION]: revision,
    "io.modelcontextprotocol/clientCapabilities": {},
    "io.modelcontextprotocol/clientInfo": { name: "canary", version: "1" },
  };
  const params = {
    name: "read_file",
    arguments: {},
    uri: "file:///a",
    ...(revision === "2026-07-28" ? { _meta: meta } : {}),
  };
  return { jsonrpc: "2.0", id: 1, method: method ?? "tools/call", params };
}

const NAMED_BY = [
  ["resources/", "uri"],
  ["tasks/", "taskId"],
] as const;

function headFor(message: Json, revision: string): RequestHead {
  const { method, params } = message as { readonly method?: string; readonly params?: Json };
  const names = (params ?? {}) as { readonly [key: string]: Json };
  const name = names[NAMED_BY.find(([prefix]) => method?.startsWith(prefix))?.[1] ?? "name"];
  const mirrored: { [name: string]: string } =
    revision === "2026-07-28" ? { "mcp-method": method ?? "" } : {};
  if (revision === "2026-07-28" && typeof name === "string") {
    mirrored["mcp-name"] = encodeMirrored(name);
  }
  return headOf({
    headers: {
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
      "mcp-protocol-version": revision,
      ...mirrored,
    },
  });
}

/** The headers as the server gets them. */
function headersOf({ headers }: RequestHead, { headers: mutation }: Forward): string {
  const left = new Map(headers);
  for (const name of mutation.remove) left.delete(name);
  for (const [name, value] of mutation.set) left.set(name, value);
  return [...left].map(([name, value]) => `${name}: ${value}`).join("\n");
}
