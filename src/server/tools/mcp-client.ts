import { type JsonNode, member, stringMember } from "../../core/json.ts";
import type { Limits } from "../../core/limits.ts";
import { err, ok, type Result } from "../../core/result.ts";
import { parseJson } from "../../mcp/json/parse.ts";
import { createSseParser, type SseItem } from "../../mcp/sse.ts";
import { packageVersion } from "../package-root.ts";

/** A client of one MCP server, as plain as can be: it asks, and answers nothing. */
export interface McpClient {
  /** Shakes hands, or finds that the server wants none. */
  open(): Promise<Result<null, string>>;
  /** The result of a request; a failure is a sentence that quotes nothing of the server. */
  request(method: string, params: Params): Promise<Result<JsonNode, string>>;
  /** Ends the session, if there is one. */
  close(): Promise<void>;
}

export interface McpClientOptions {
  readonly url: string;
  readonly token: string | null;
  readonly limits: Limits;
  readonly deadlineMs: number;
}

type Params = { readonly [name: string]: unknown };
type Fields = { readonly [name: string]: string };

const LEGACY = "2025-11-25";
const STATELESS = "2026-07-28";
/** All there are: some servers offer more tools to a client that declares more. */
const CAPABILITIES = { sampling: {}, elicitation: {}, roots: {} };
const CLIENT_INFO = { name: "impedance-tools", version: packageVersion() };

export function createMcpClient(options: McpClientOptions): McpClient {
  return new Client(options);
}

class Client implements McpClient {
  readonly #options: McpClientOptions;
  readonly #signal: AbortSignal;
  #revision = LEGACY;
  #session: string | null = null;
  #nextId = 1;

  constructor(options: McpClientOptions) {
    this.#options = options;
    this.#signal = AbortSignal.timeout(options.deadlineMs);
  }

  async open(): Promise<Result<null, string>> {
    const greeted = await this.#send("initialize", {
      protocolVersion: LEGACY,
      capabilities: CAPABILITIES,
      clientInfo: CLIENT_INFO,
    });
    if (!greeted.ok) return this.#openStateless(greeted.error);
    this.#revision = stringMember(greeted.value, "protocolVersion") ?? LEGACY;
    const told = await this.#post({ jsonrpc: "2.0", method: "notifications/initialized" }, {});
    if (!told.ok) return told;
    await told.value.body?.cancel();
    return ok(null);
  }

  /** A server of the 2026 revision alone knows no handshake. */
  async #openStateless(problem: string): Promise<Result<null, string>> {
    this.#revision = STATELESS;
    this.#session = null;
    const discovered = await this.request("server/discover", {});
    return discovered.ok ? ok(null) : err(problem);
  }

  request(method: string, params: Params): Promise<Result<JsonNode, string>> {
    if (this.#revision !== STATELESS) return this.#send(method, params);
    const meta = {
      "io.modelcontextprotocol/protocolVersion": STATELESS,
      "io.modelcontextprotocol/clientInfo": CLIENT_INFO,
      "io.modelcontextprotocol/clientCapabilities": CAPABILITIES,
    };
    return this.#send(method, { ...params, _meta: meta });
  }

  async close(): Promise<void> {
    if (this.#session === null) return;
    try {
      const headers = this.#headers({});
      await fetch(this.#options.url, {
        method: "DELETE",
        headers,
        redirect: "error",
        signal: this.#signal,
      });
    } catch {
      // The server forgets the session by itself.
    }
  }

  async #send(method: string, params: Params): Promise<Result<JsonNode, string>> {
    const id = this.#nextId++;
    const extra: Fields = this.#revision === STATELESS ? { "mcp-method": method } : {};
    const posted = await this.#post({ jsonrpc: "2.0", id, method, params }, extra);
    if (!posted.ok) return posted;
    const response = posted.value;
    try {
      const answer = await readAnswer(response, id, this.#options.limits);
      if (method === "initialize") this.#session = response.headers.get("mcp-session-id");
      return answer === null
        ? err(statusProblem(response.status))
        : resultOf(answer, response.status);
    } catch (error) {
      return err(`sends no answer that can be read (${codeOf(error)})`);
    } finally {
      await response.body?.cancel().catch(() => undefined);
    }
  }

  async #post(message: Params, extra: Fields): Promise<Result<Response, string>> {
    try {
      const response = await fetch(this.#options.url, {
        method: "POST",
        headers: this.#headers({
          ...extra,
          "content-type": "application/json",
          accept: "application/json, text/event-stream",
        }),
        body: JSON.stringify(message),
        redirect: "error",
        signal: this.#signal,
      });
      return ok(response);
    } catch (error) {
      return err(`cannot be reached (${codeOf(error)})`);
    }
  }

  #headers(extra: Fields): Fields {
    const { token } = this.#options;
    const isGreeting = this.#revision === LEGACY && this.#nextId <= 2 && this.#session === null;
    return {
      ...extra,
      ...(isGreeting ? {} : { "mcp-protocol-version": this.#revision }),
      ...(this.#session === null ? {} : { "mcp-session-id": this.#session }),
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
    };
  }
}

/** The message that answers `id`, out of JSON or a stream; null where there is none. */
async function readAnswer(
  response: Response,
  id: number,
  limits: Limits,
): Promise<JsonNode | null> {
  const type = response.headers.get("content-type") ?? "";
  if (type.startsWith("text/event-stream")) return readStream(response, id, limits);
  const chunks: Uint8Array[] = [];
  for await (const chunk of bounded(response, limits)) chunks.push(chunk);
  return answerIn(Buffer.concat(chunks), id, limits);
}

async function readStream(
  response: Response,
  id: number,
  limits: Limits,
): Promise<JsonNode | null> {
  const parser = createSseParser({ sseEventMaxBytes: limits.responseBodyMaxBytes });
  const find = (items: readonly SseItem[]): JsonNode | null => {
    for (const item of items) {
      if (item.kind !== "event" || item.data === null) continue;
      const answer = answerIn(item.data, id, limits);
      if (answer !== null) return answer;
    }
    return null;
  };
  for await (const chunk of bounded(response, limits)) {
    const answer = find(parser.push(chunk));
    if (answer !== null) return answer;
  }
  return find(parser.end());
}

/** FAIL CLOSED: what is larger than the data path would take is not read to its end. */
async function* bounded(response: Response, limits: Limits): AsyncGenerator<Uint8Array> {
  if (response.body === null) return;
  let total = 0;
  for await (const chunk of response.body) {
    total += chunk.length;
    if (total > limits.responseBodyMaxBytes) throw new Error("too large");
    yield chunk;
  }
}

function answerIn(bytes: Uint8Array, id: number, limits: Limits): JsonNode | null {
  const document = parseJson(bytes, limits);
  if (!document.ok) return null;
  const { root } = document.value;
  const answered = member(root, "id");
  return answered?.kind === "number" && answered.text === String(id) ? root : null;
}

function resultOf(answer: JsonNode, status: number): Result<JsonNode, string> {
  const result = member(answer, "result");
  if (result !== undefined) return ok(result);
  const code = member(member(answer, "error"), "code");
  const told = code?.kind === "number" ? `JSON-RPC error ${code.text}` : "no result";
  return err(`answers with ${told} (HTTP ${status})`);
}

function statusProblem(status: number): string {
  if (status === 401 || status === 403) return `refuses us (HTTP ${status}); give --token`;
  return `is no MCP server at this URL (HTTP ${status})`;
}

/** Node puts the reason behind "fetch failed". */
function codeOf(error: unknown): string {
  if (error instanceof Error && error.name === "TimeoutError") return "it takes too long";
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
  if (cause instanceof Error && "code" in cause) return String(cause.code);
  return cause instanceof Error ? cause.message : "unknown";
}
