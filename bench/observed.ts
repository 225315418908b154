import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** What an observer of the wire sees the length of. */
export interface Message {
  readonly direction: "request" | "response";
  readonly form: "json" | "event";
  readonly bytes: Uint8Array;
}

/** A call of a tool: two lengths, and what they might give away. */
export interface Call {
  readonly tool: string;
  readonly request: Message;
  readonly response: Message;
}

export interface Traffic {
  readonly name: string;
  readonly messages: readonly Message[];
  readonly calls: readonly Call[];
}

/** A line of a recorded session, as far as it matters here. */
interface Line {
  readonly exchange: number;
  readonly dir: "c2s" | "s2c";
  readonly kind: string;
  readonly event?: string;
  readonly id?: string;
  readonly body?: string;
  readonly rpc?: { readonly type: string; readonly method?: string; readonly tool?: string };
}

/** The recorded sessions of `folder`; null where there are none. */
export function recordedTraffic(folder: string): Traffic | null {
  if (!existsSync(folder)) return null;
  const files = readdirSync(folder).filter((name) => name.endsWith(".jsonl"));
  const sessions = files.map((name) => readSession(join(folder, name)));
  return {
    name: `recorded sessions (${files.length})`,
    messages: sessions.flatMap(({ messages }) => messages),
    calls: sessions.flatMap(({ calls }) => calls),
  };
}

function readSession(file: string): Omit<Traffic, "name"> {
  const messages: Message[] = [];
  const calls: Call[] = [];
  const open = new Map<number, { readonly tool: string; readonly request: Message }>();
  for (const text of readFileSync(file, "utf8").trimEnd().split("\n")) {
    const line = JSON.parse(text) as Line;
    const message = messageOf(line);
    if (message === null) continue;
    messages.push(message);
    if (line.rpc?.method === "tools/call" && line.rpc.tool !== undefined) {
      open.set(line.exchange, { tool: line.rpc.tool, request: message });
    }
    const call = open.get(line.exchange);
    const isAnswer = line.rpc?.type === "result" || line.rpc?.type === "error";
    if (call === undefined || message.direction === "request" || !isAnswer) continue;
    calls.push({ ...call, response: message });
    open.delete(line.exchange);
  }
  return { messages, calls };
}

function messageOf({ dir, kind, event, id, body }: Line): Message | null {
  const direction = dir === "c2s" ? "request" : "response";
  if (kind === "sse") {
    const fields = [event && `event: ${event}\n`, id && `id: ${id}\n`].filter(Boolean).join("");
    return { direction, form: "event", bytes: Buffer.from(`${fields}data: ${body ?? ""}\n\n`) };
  }
  const isBody = kind === "request" || kind === "body";
  return isBody && body ? { direction, form: "json", bytes: Buffer.from(body) } : null;
}
