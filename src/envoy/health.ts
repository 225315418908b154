import { type OneCall, reply, serveOne } from "./grpc-methods.ts";
import { GRPC } from "./grpc-status.ts";

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

type HealthCall = OneCall<HealthRequest, HealthResponse>;

/** `grpc.health.v1.Health`: serving while `ready()` says so; `changed()` tells the watchers. */
export function createHealth(ready: () => boolean) {
  const watchers = new Map<HealthCall, HealthRequest>();
  const answer = ({ service }: HealthRequest): HealthResponse => ({
    status: service === ALIVE || ready() ? SERVING : NOT_SERVING,
  });
  return {
    check(call: HealthCall): void {
      serveOne(call, (request) => reply(call, answer(request)));
    },
    watch(call: HealthCall): void {
      const begin = (request: HealthRequest) => {
        watchers.set(call, request);
        call.write([answer(request)]);
      };
      serveOne(call, begin, () => watchers.delete(call));
    },
    changed(): void {
      for (const [call, request] of watchers) call.write([answer(request)]);
    },
    close(): void {
      for (const call of watchers.keys()) call.fail(GRPC.UNAVAILABLE, "it ends");
    },
  };
}
