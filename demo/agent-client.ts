import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { McpError } from "@modelcontextprotocol/sdk/types.js";

import type { Seen } from "./recorder.ts";
import type { Shown, Step } from "./steps.ts";

/** A client of the official SDK with a session to each of the two servers. */
export interface Agent extends AsyncDisposable {
  /** Does one step and returns what could be seen of it on both sides. */
  take(step: Step): Promise<Shown>;
}

interface Session {
  readonly client: Client;
  readonly transport: StreamableHTTPClientTransport;
}

/** Nothing is sent yet: the handshake is a step of the demonstration. */
export async function connectAgent(
  urls: { readonly everything: string; readonly files: string },
  recorder: string,
): Promise<Agent> {
  const sessions = { everything: session(urls.everything), files: session(urls.files) };

  return {
    take: async (step) => {
      const { client, transport } = sessions[step.server];
      const { last } = await ask(recorder, 0);
      const answer = await outcomeOf(() => step.send(client, transport));
      const { requests } = await ask(recorder, last);
      const posted = requests.filter(
        ({ server, method }) => server === step.server && method === "POST",
      );
      return {
        server: step.server,
        sent: step.sent,
        saw: posted.map(({ body }) => body),
        ...answer,
      };
    },
    [Symbol.asyncDispose]: async () => {
      for (const { client, transport } of Object.values(sessions)) {
        await transport.terminateSession().catch(() => undefined);
        await client.close();
      }
    },
  };
}

function session(url: string): Session {
  const transport = new StreamableHTTPClientTransport(new URL(url));
  return { client: new Client({ name: "demo-agent", version: "1.0.0" }), transport };
}

async function outcomeOf(send: () => Promise<unknown>): Promise<Pick<Shown, "answer" | "error">> {
  try {
    return { answer: await send(), error: null };
  } catch (error) {
    const told = error instanceof Error ? error : new Error(String(error));
    const data: unknown = told instanceof McpError ? told.data : null;
    return { answer: null, error: { message: told.message, data } };
  }
}

async function ask(recorder: string, after: number): Promise<{ last: number; requests: Seen[] }> {
  const reply = await fetch(`${recorder}?after=${after}`);
  return (await reply.json()) as { last: number; requests: Seen[] };
}
