import type { ServerUnaryCall, ServerWritableStream, sendUnaryData } from "@grpc/grpc-js";

export const SERVING = 1;
const NOT_SERVING = 2;

/**
 * The service by this name serves while anybody answers. A supervisor that restarts what is not
 * ready would take a service away that denies for a reason: a full log, or a drain.
 */
export const ALIVE = "alive";

interface HealthRequest {
  readonly service?: string;
}

interface HealthResponse {
  readonly status: number;
}

type Watcher = ServerWritableStream<HealthRequest, HealthResponse>;

/** `grpc.health.v1.Health`: serving while `ready()` says so; `changed()` tells the watchers. */
export function createHealth(ready: () => boolean) {
  const watchers = new Set<Watcher>();
  const answer = ({ service }: HealthRequest): HealthResponse => ({
    status: service === ALIVE || ready() ? SERVING : NOT_SERVING,
  });
  return {
    handlers: {
      Check(
        { request }: ServerUnaryCall<HealthRequest, HealthResponse>,
        reply: sendUnaryData<HealthResponse>,
      ) {
        reply(null, answer(request));
      },
      Watch(call: Watcher) {
        watchers.add(call);
        call.on("close", () => watchers.delete(call));
        call.on("cancelled", () => watchers.delete(call));
        call.write(answer(call.request));
      },
    },
    changed(): void {
      for (const call of watchers) call.write(answer(call.request));
    },
    close(): void {
      for (const call of watchers) call.end();
      watchers.clear();
    },
  };
}
