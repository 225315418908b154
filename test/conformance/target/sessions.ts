import { randomUUID } from "node:crypto";

import { refusal } from "./serve.ts";

/** The transport of one session; that of either SDK is one. */
export interface SessionTransport {
  handleRequest(request: Request): Promise<Response>;
  close(): Promise<void>;
}

/** What a session's transport is made with; both SDKs name it alike. */
export interface SessionOptions {
  readonly sessionIdGenerator: () => string;
  readonly onsessioninitialized: (id: string) => void;
  readonly onsessionclosed: (id: string) => void;
  readonly eventStore: ReturnType<typeof createEventStore>;
  readonly retryInterval: number;
}

export interface Sessions {
  handle(request: Request): Promise<Response>;
  close(): Promise<void>;
}

type Open = (options: SessionOptions) => Promise<SessionTransport>;

/** The sessions of revisions up to 2025-11-25: one transport each, found by the id in the header. */
export function createSessions(open: Open): Sessions {
  const transports = new Map<string, SessionTransport>();
  const begin = async (): Promise<SessionTransport> => {
    const id = randomUUID();
    const transport = await open({
      sessionIdGenerator: () => id,
      onsessioninitialized: () => {
        transports.set(id, transport);
      },
      onsessionclosed: () => {
        transports.delete(id);
      },
      eventStore: createEventStore(),
      retryInterval: 500,
    });
    return transport;
  };
  return {
    handle: async (request) => {
      const id = request.headers.get("mcp-session-id");
      if (id === null) return (await begin()).handleRequest(request);
      const known = transports.get(id);
      return known ? known.handleRequest(request) : refusal(404, "Session not found");
    },
    close: async () => {
      await Promise.all([...transports.values()].map((transport) => transport.close()));
    },
  };
}

/** Keeps the events of one session, in order, for clients that come back for the rest. */
function createEventStore<Message extends object>() {
  const events: { readonly id: string; readonly stream: string; readonly message: Message }[] = [];
  return {
    storeEvent: async (stream: string, message: Message): Promise<string> => {
      const id = `${stream}::${events.length}`;
      events.push({ id, stream, message });
      return id;
    },
    replayEventsAfter: async (
      lastId: string,
      { send }: { send: (id: string, message: Message) => Promise<void> },
    ): Promise<string> => {
      const at = events.findIndex(({ id }) => id === lastId);
      const stream = events[at]?.stream ?? "";
      for (const event of at < 0 ? [] : events.slice(at + 1)) {
        if (event.stream === stream && Object.keys(event.message).length > 0) {
          await send(event.id, event.message);
        }
      }
      return stream;
    },
  };
}
