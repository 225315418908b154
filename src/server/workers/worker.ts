import type { Result } from "../../core/result.ts";
import type { Service, StartFailure, Stopped } from "../service.ts";
import { isMessage, type Order, type Report } from "./messages.ts";

/** The worker's end of the channel to its supervisor. */
export interface SupervisorChannel {
  send(report: Report): void;
  onOrder(listener: (order: Order) => void): void;
  /** The supervisor is gone. */
  onLost(listener: () => void): void;
}

/**
 * One worker's life: starts, tells how that went, and does what it is told until it is told to end.
 * Without its supervisor nobody would count or replace it: it ends as when told to stop. Null where
 * it did not start.
 */
export async function runWorker(
  start: () => Promise<Result<Service, StartFailure>>,
  channel: SupervisorChannel,
): Promise<Stopped | null> {
  const told = Promise.withResolvers<"stop" | "hand_over" | "lost" | "failed">();
  channel.onLost(() => told.resolve("lost"));
  let running: Service | null = null;
  channel.onOrder((order) => {
    if (order.kind === "stop" || order.kind === "hand_over") told.resolve(order.kind);
    else if (running !== null) answer(order, running, channel);
  });

  const service = await start();
  if (!service.ok) {
    channel.send({ kind: "refused", failure: service.error });
    return null;
  }
  running = service.value;
  // FAIL CLOSED: whoever replaces it finds the same, and is refused.
  void running.failed.then(() => told.resolve("failed"));
  channel.send({ kind: "ready", port: running.grpcPort, health: running.health() });
  const stopped = await endAs(await told.promise, running);
  channel.send({ kind: "left", ...stopped, snapshot: await running.snapshot() });
  return stopped;
}

/** Whoever is started in the place of a lost supervisor needs the addresses and the logs. */
const LOST_DEADLINE_MS = 1_000;

function endAs(told: "stop" | "hand_over" | "lost" | "failed", service: Service): Promise<Stopped> {
  if (told === "hand_over") return service.handOver();
  return told === "lost" ? service.stop(LOST_DEADLINE_MS) : service.stop();
}

function answer(order: Order, service: Service, channel: SupervisorChannel): void {
  if (order.kind === "ping") channel.send({ kind: "alive", health: service.health() });
  if (order.kind !== "measure") return;
  const { ask } = order;
  void service.snapshot().then((snapshot) => channel.send({ kind: "measured", ask, snapshot }));
}

/** The channel of this process; null where it was not started by a supervisor. */
export function channelOfProcess(): SupervisorChannel | null {
  if (process.send === undefined) return null;
  return {
    send(report) {
      // A supervisor that is gone hears nothing, and nobody else is to.
      if (process.connected) process.send?.(report, () => undefined);
    },
    onOrder: (listener) =>
      process.on("message", (message) => {
        if (isMessage(message)) listener(message as Order);
      }),
    onLost: (listener) => process.once("disconnect", listener),
  };
}
