import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";

import { progress, toolResult } from "./messages.ts";

const JSON_TYPE = { "content-type": "application/json" };
const STREAM_TYPE = { "content-type": "text/event-stream" };

/** Connections that break are replaced by new ones, faster than a busy machine accepts them. */
const BACKLOG = 4096;

function event(message: object): string {
  return `data: ${JSON.stringify(message)}\n\n`;
}

type Misbehaviour = (response: ServerResponse, id: number) => void;

/** How a server answers a call of the tool with this name. */
const MISBEHAVIOURS = {
  well: (response, id) => {
    response.writeHead(200, JSON_TYPE).end(JSON.stringify(toolResult(id, "done")));
  },
  garbage: (response) => {
    response.writeHead(200, JSON_TYPE).end('{"jsonrpc":"2.0","result":');
  },
  html: (response) => {
    response.writeHead(200, { "content-type": "text/html" }).end("<p>hello</p>");
  },
  empty: (response) => {
    response.writeHead(200, JSON_TYPE).end();
  },
  wrong_id: (response, id) => {
    response.writeHead(200, JSON_TYPE).end(JSON.stringify(toolResult(id + 1, "not yours")));
  },
  twice: (response, id) => {
    const answer = event(toolResult(id, "done"));
    response.writeHead(200, STREAM_TYPE).end(answer + answer);
  },
  stream_of_garbage: (response) => {
    response.writeHead(200, STREAM_TYPE).end(`${event(progress(1))}data: {"half":\n\n`);
  },
  stream_without_answer: (response) => {
    response.writeHead(200, STREAM_TYPE).end(event(progress(1)));
  },
  stream_of_the_wrong_id: (response, id) => {
    response.writeHead(200, STREAM_TYPE).end(event(toolResult(id + 1, "not yours")));
  },
  stream_that_falls_silent: (response) => {
    response.writeHead(200, STREAM_TYPE).write(event(progress(1)));
  },
  half_a_body: (response) => {
    response.writeHead(200, JSON_TYPE).write('{"jsonrpc":');
  },
  never: () => undefined,
  broken: (response) => {
    response.socket?.destroy();
  },
  /** The client is gone before this comes. */
  too_late: (response, id) => {
    setTimeout(() => {
      if (!response.destroyed) response.writeHead(200, STREAM_TYPE).end(event(toolResult(id, "?")));
    }, 40);
  },
} as const satisfies { readonly [tool: string]: Misbehaviour };

export type MisbehaviourName = keyof typeof MISBEHAVIOURS;

export function misbehaviours(): MisbehaviourName[] {
  return Object.keys(MISBEHAVIOURS) as MisbehaviourName[];
}

/** A server that keeps nothing of what it was sent. */
export interface MisbehavingServer extends AsyncDisposable {
  readonly url: string;
  /** Requests that reached it. */
  readonly reached: number;
}

/** Answers each call as the tool's name says. */
export async function startMisbehavingServer(): Promise<MisbehavingServer> {
  let reached = 0;
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    reached += 1;
    const body = Buffer.concat(await request.toArray()).toString("utf8");
    const { id, params } = JSON.parse(body) as {
      readonly id: number;
      readonly params: { readonly name: MisbehaviourName };
    };
    MISBEHAVIOURS[params.name](response, id);
  };
  const server = createServer((request, response) => {
    answer(request, response).catch(() => response.destroy());
  });
  await once(server.listen({ port: 0, host: "127.0.0.1", backlog: BACKLOG }), "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no TCP port");
  return {
    url: `http://127.0.0.1:${address.port}/mcp`,
    get reached() {
      return reached;
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
