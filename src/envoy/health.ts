import type { ServerUnaryCall, ServerWritableStream, sendUnaryData } from "@grpc/grpc-js";

const SERVING = 1;
const NOT_SERVING = 2;

interface HealthResponse {
  readonly status: number;
}

/** `grpc.health.v1.Health`: serving while `ready()` says so; `changed()` tells the watchers. */
export function createHealth(ready: () => boolean) {
  const watchers = new Set<ServerWritableStream<unknown, HealthResponse>>();
  const answer = (): HealthResponse => ({ status: ready() ? SERVING : NOT_SERVING });
  return {
    handlers: {
      Check(_call: ServerUnaryCall<unknown, HealthResponse>, reply: sendUnaryData<HealthResponse>) {
        reply(null, answer());
      },
      Watch(call: ServerWritableStream<unknown, HealthResponse>) {
        watchers.add(call);
        call.on("close", () => watchers.delete(call));
        call.on("cancelled", () => watchers.delete(call));
        call.write(answer());
      },
    },
    changed(): void {
      for (const call of watchers) call.write(answer());
    },
    close(): void {
      for (const call of watchers) call.end();
      watchers.clear();
    },
  };
}
