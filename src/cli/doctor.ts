import { readFileSync } from "node:fs";
import { err, ok, type Result } from "../core/result.ts";
import type { Command, Options } from "./command.ts";
import { askPosture } from "./doctor-posture.ts";
import { misuse, say } from "./output.ts";

export const doctorCommand: Command = {
  help: `usage: impedance doctor [--url URL] [--token-file FILE] [--admin URL]

Sends requests that only the firewall answers in its own way, through the listener that clients
use, and says for each whether the filter was in the path. Nothing is changed on the server: one
initialize is sent, and the session it opens is ended. With --admin, what the service knows of its
host is told too (docs/posture.md). Exit code 1 if a check fails.

  --url URL        the MCP endpoint as clients see it  [http://127.0.0.1:8070/mcp]
  --token-file FILE  a bearer token to show, where the gateway asks who calls
  --admin URL      the admin port, such as http://127.0.0.1:9192
  --admin-token-file FILE  the token of admin_access.token, where there is one
  --format FORMAT  text or json                        [text]`,
  options: {
    url: "text",
    "token-file": "text",
    admin: "text",
    "admin-token-file": "text",
    format: "text",
  },
  run: doctor,
};

const DEADLINE_MS = 10_000;

interface Check {
  readonly name: string;
  readonly ok: boolean;
  /** What was seen, and what to do about it. */
  readonly detail: string;
}

async function doctor(options: Options): Promise<number> {
  const format = options.text("format") ?? "text";
  if (format !== "text" && format !== "json") {
    return misuse(`--format is text or json, not ${format}`);
  }
  const target = targetOf(options);
  if (!target.ok) return misuse(target.error);
  const admin = adminOf(options);
  if (!admin.ok) return misuse(admin.error);
  const checks = await askGateway(target.value);
  if (admin.value !== null) checks.push(...(await askPosture(admin.value)));
  const { url } = target.value;
  const healthy = checks.every(({ ok }) => ok);
  if (format === "json") say(JSON.stringify({ ok: healthy, url, checks }));
  else
    for (const { name, ok, detail } of checks) say(`${ok ? "ok  " : "FAIL"}  ${name}: ${detail}`);
  return healthy ? 0 : 1;
}

async function askGateway(target: Target): Promise<Check[]> {
  const checks: Check[] = [];
  for (const check of [requestIsRead, sizeIsBounded, responseIsRead]) {
    const told = await attempt(check, target);
    checks.push(told);
    // Nobody answers: the others would say the same.
    if (told.name === UNREACHABLE) break;
  }
  return checks;
}

function targetOf(options: Options): Result<Target, string> {
  return readTarget(options, "url", "token-file", "http://127.0.0.1:8070/mcp");
}

/** Null where nobody is to be asked. */
function adminOf(options: Options): Result<Target | null, string> {
  const url = options.text("admin");
  return url === undefined ? ok(null) : readTarget(options, "admin", "admin-token-file", url);
}

function readTarget(
  options: Options,
  place: string,
  tokenFile: string,
  byDefault: string,
): Result<Target, string> {
  const url = options.text(place) ?? byDefault;
  if (!URL.canParse(url)) return err(`--${place} ${url} is no URL`);
  const file = options.text(tokenFile);
  if (file === undefined) return ok({ url, token: null });
  const token = readToken(file);
  return token === null
    ? err(`--${tokenFile} ${file} cannot be read, or holds no token`)
    : ok({ url, token });
}

interface Target {
  readonly url: string;
  /** Shown as a bearer token; null for none. */
  readonly token: string | null;
}

/** RFC 6750 section 2.1; null for what is none. */
function readToken(file: string): string | null {
  try {
    const text = readFileSync(file, "utf8").trim();
    return /^[A-Za-z0-9._~+/-]+=*$/.test(text) ? text : null;
  } catch {
    return null;
  }
}

const UNREACHABLE = "reachable";

async function attempt(check: (to: Target) => Promise<Check>, target: Target): Promise<Check> {
  try {
    return await check(target);
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    const detail = cause instanceof Error ? cause.message : String(cause);
    return { name: UNREACHABLE, ok: false, detail: `no answer from ${target.url} (${detail})` };
  }
}

/** A duplicate key is read differently by different parsers; no server but us minds it. */
async function requestIsRead(target: Target): Promise<Check> {
  const canary = '{"jsonrpc":"2.0","id":1,"method":"ping","method":"ping"}';
  const response = await post(target, canary);
  const text = await response.text();
  const { status } = response;
  const seen = status === 400 && text.includes("decision_id");
  return {
    name: "requests are read, first byte to last",
    ok: seen,
    detail: seen
      ? "a duplicate key was refused"
      : `HTTP ${status}; ${adviceOn(status, "is the ext_proc filter on this route, with FULL_DUPLEX_STREAMED?")}`,
  };
}

/** `otherwise` is what to look at where the status says nothing by itself. */
function adviceOn(status: number, otherwise: string): string {
  if (status === 401)
    return "show who you are with --token-file FILE, and a token that is good here";
  if (status === 503)
    return "does Envoy reach Impedance? impedance health tells whether it is ready";
  return otherwise;
}

/** Envoy itself never answers 413 in this mode: the limit is the firewall's. */
async function sizeIsBounded(target: Target): Promise<Check> {
  const response = await post(target, `{"x":"${"x".repeat(1024 * 1024)}"}`);
  await response.body?.cancel();
  const bounded = response.status === 413 && response.headers.has("x-zta-decision-id");
  return {
    name: "requests are bounded",
    ok: bounded,
    detail: bounded
      ? "a body over 1 MiB was refused"
      : `HTTP ${response.status} for a body over 1 MiB; ${adviceOn(response.status, "is limits.request_body_max_bytes raised?")}`,
  };
}

/** The time we took is written into the head when the response has passed through us. */
async function responseIsRead(target: Target): Promise<Check> {
  const response = await post(target, INITIALIZE);
  await response.body?.cancel();
  const session = response.headers.get("mcp-session-id");
  if (session !== null) await end(target, session);
  const { status } = response;
  // A refusal at the door is no answer of the server.
  const read = status < 500 && status !== 401 && response.headers.has("x-zta-processing-time");
  return {
    name: "responses are read",
    ok: read,
    detail: read
      ? `initialize came back with decision ${response.headers.get("x-zta-decision")}`
      : `HTTP ${response.status} without x-zta headers; ${adviceOn(response.status, "is response_header_mode SEND?")}`,
  };
}

const INITIALIZE = JSON.stringify({
  jsonrpc: "2.0",
  id: 1,
  method: "initialize",
  params: {
    protocolVersion: "2025-11-25",
    capabilities: {},
    clientInfo: { name: "impedance-doctor", version: "1" },
  },
});

function shown({ token }: Target): { readonly [header: string]: string } {
  return token === null ? {} : { authorization: `Bearer ${token}` };
}

function post(target: Target, body: string): Promise<Response> {
  const headers = {
    ...shown(target),
    "content-type": "application/json",
    accept: "application/json, text/event-stream",
  };
  const signal = AbortSignal.timeout(DEADLINE_MS);
  return fetch(target.url, { method: "POST", headers, body, signal });
}

async function end(target: Target, session: string): Promise<void> {
  const signal = AbortSignal.timeout(DEADLINE_MS);
  const headers = { ...shown(target), "mcp-session-id": session };
  await fetch(target.url, { method: "DELETE", headers, signal });
}
