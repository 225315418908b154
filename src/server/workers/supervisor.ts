import type { ChildProcess } from "node:child_process";
import { setTimeout as delay } from "node:timers/promises";
import type { Config } from "../../config/config.ts";
import type { Endpoint } from "../../core/address.ts";
import { err, ok, type Result } from "../../core/result.ts";
import { isTaken, removeSocket } from "../../envoy/takeover.ts";
import type { Logger } from "../../telemetry/log.ts";
import type { MetricsSnapshot } from "../../telemetry/metrics.ts";
import type { WorkerEnd, WorkerMetrics } from "../../telemetry/worker-metrics.ts";
import { grpcAddress } from "../ports.ts";
import type { ServiceHealth, StartFailure, Stopped } from "../service.ts";
import { systemClock } from "../system.ts";
import { type Brake, createBrake } from "./brake.ts";
import { type ChildEnd, followChild, type WorkerChild } from "./child.ts";
import type { LineJoiner } from "./lines.ts";

export interface SupervisorOptions {
  readonly config: Pick<Config, "workers" | "drainDeadlineMs">;
  readonly log: Logger;
  readonly metrics: WorkerMetrics;
  /** One for each worker. */
  readonly endpoints: readonly Endpoint[];
  /** Starts a process with standard output and error as pipes, and a channel. */
  readonly spawn: (slot: number, lane: number, endpoint: Endpoint) => ChildProcess;
  readonly output: LineJoiner;
  readonly errors: LineJoiner;
}

/** Stands over the workers: no call, and no secret of theirs, ever comes by here. */
export interface Supervisor {
  /** Replaces one worker after the other; rejects nothing that is under way. */
  restart(): Promise<void>;
  health(): readonly ServiceHealth[];
  /** Of all workers that answer in time. */
  measure(deadlineMs: number): Promise<readonly MetricsSnapshot[]>;
  /** Settles when workers keep ending, and it was given up: what the last was refused for. */
  readonly gaveUp: Promise<StartFailure | null>;
  stop(): Promise<Stopped>;
}

/** For writing the log out, after the exchanges had their time. */
const LEAVE_EXTRA_MS = 8_000;
const OUTPUT_DEADLINE_MS = 2_000;

/** Starts all workers, or says what stands against the first that does not start. */
export async function startSupervisor(
  options: SupervisorOptions,
): Promise<Result<Supervisor, StartFailure>> {
  for (const endpoint of options.endpoints) {
    const address = grpcAddress(endpoint);
    if (!(await isTaken(address))) continue;
    const remedy = "each worker has an address of its own; choose others with --grpc";
    return err({ part: "service", errors: [`grpc: ${address} is taken (EADDRINUSE); ${remedy}`] });
  }
  const crew = new Crew(options);
  const failure = await crew.start();
  if (failure === null) return ok(crew);
  await crew.stop();
  return err(failure);
}

class Crew implements Supervisor {
  readonly gaveUp: Promise<StartFailure | null>;
  readonly #options: SupervisorOptions;
  readonly #giveUp = Promise.withResolvers<StartFailure | null>();
  readonly #brakes: readonly Brake[];
  /** Who serves each address; null between one that died and the next. */
  readonly #serving: (WorkerChild | null)[];
  readonly #all = new Set<WorkerChild>();
  readonly #outputs = new Set<Promise<unknown>>();
  /** By address, while there is nobody. */
  readonly #replacing = new Map<number, Promise<void>>();
  #restarting: Promise<void> | null = null;
  /** The address for which a restart has a new one on the way. */
  #restartingSlot: number | null = null;
  #isStopping = false;
  #isLogWhole = true;

  constructor(options: SupervisorOptions) {
    this.#options = options;
    this.gaveUp = this.#giveUp.promise;
    this.#brakes = options.endpoints.map(() => createBrake(systemClock));
    this.#serving = options.endpoints.map(() => null);
  }

  async start(): Promise<StartFailure | null> {
    const born = this.#options.endpoints.map((_, slot) => this.#bear(slot));
    const started = await Promise.all(born.map((child) => child.started));
    const refused = started.find((one) => one.kind === "refused");
    if (refused !== undefined) return refused.failure;
    if (started.some((one) => one.kind !== "ready")) {
      return { part: "service", errors: ["a worker ended while it started"] };
    }
    for (const child of born) this.#serve(child);
    return null;
  }

  health(): readonly ServiceHealth[] {
    return this.#serving.flatMap((child) => (child?.health ? [child.health] : []));
  }

  async measure(deadlineMs: number): Promise<readonly MetricsSnapshot[]> {
    const answers = await Promise.all([...this.#all].map((child) => child.measure(deadlineMs)));
    const found = answers.filter((snapshot) => snapshot !== null);
    const missing = Math.max(0, this.#serving.length - found.length);
    if (missing > 0) this.#options.metrics.unanswered(missing);
    return found;
  }

  restart(): Promise<void> {
    this.#restarting ??= this.#restartEach().finally(() => {
      this.#restarting = null;
    });
    return this.#restarting;
  }

  async stop(): Promise<Stopped> {
    this.#isStopping = true;
    const all = [...this.#all];
    for (const child of all) child.tell("stop");
    const ends = await Promise.all(all.map((child) => child.ended));
    const isLogWhole = this.#isLogWhole && ends.every((end) => end.isLogWhole !== false);
    await Promise.race([Promise.all(this.#outputs), delay(OUTPUT_DEADLINE_MS)]);
    for (const endpoint of this.#options.endpoints) removeSocket(grpcAddress(endpoint));
    return { isLogWhole };
  }

  /** The new one is ready at the same address before the old one leaves it. */
  async #restartEach(): Promise<void> {
    const { log } = this.#options;
    log.info("workers_restarting", { workers: this.#serving.length });
    for (const slot of this.#serving.keys()) {
      await this.#replacing.get(slot);
      if (this.#isStopping) return;
      this.#restartingSlot = slot;
      const old = this.#serving[slot] ?? null;
      const next = this.#bear(slot);
      const started = await next.started;
      if (started.kind !== "ready") {
        // What runs goes on: a restart never leaves less than there was.
        this.#tellRefusal(next, started.kind === "refused" ? started.failure : null);
        log.error("workers_restart_given_up", { worker: slot });
        this.#restartingSlot = null;
        return;
      }
      this.#serve(next);
      this.#restartingSlot = null;
      old?.tell("hand_over");
      await old?.ended;
    }
    log.info("workers_restarted");
  }

  #bear(slot: number): WorkerChild {
    const { config, endpoints, spawn, output, errors } = this.#options;
    const endpoint = endpoints[slot];
    if (endpoint === undefined) throw new Error("there is no such worker");
    const lane = this.#freeLane();
    const process = spawn(slot, lane, endpoint);
    const child = followChild({
      process,
      slot,
      lane,
      hangDeadlineMs: config.workers.hangDeadlineMs,
      leaveDeadlineMs: config.drainDeadlineMs + LEAVE_EXTRA_MS,
    });
    this.#all.add(child);
    for (const [joiner, from] of [
      [output, process.stdout],
      [errors, process.stderr],
    ] as const) {
      if (from !== null) this.#follow(child, joiner.follow(from));
    }
    void child.ended.then((end) => this.#buried(child, end));
    return child;
  }

  /** The lowest that no worker writes: the old one of an address still has its own. */
  #freeLane(): number {
    const taken = new Set([...this.#all].map(({ lane }) => lane));
    let lane = 0;
    while (taken.has(lane)) lane += 1;
    return lane;
  }

  #follow(child: WorkerChild, following: Promise<number>): void {
    const done = following.then(
      (bytes) => {
        if (bytes > 0) this.#options.log.warn("worker_torn_line", { worker: child.slot, bytes });
      },
      () => this.#options.log.error("worker_output_lost", { worker: child.slot }),
    );
    this.#outputs.add(done);
    void done.then(() => this.#outputs.delete(done));
  }

  /** From now on it is replaced when it ends, and be it that it has already. */
  #serve(child: WorkerChild): void {
    this.#serving[child.slot] = child;
    void child.ended.then((end) => this.#lost(child, end));
  }

  #lost(child: WorkerChild, end: ChildEnd): void {
    if (this.#serving[child.slot] !== child) return;
    this.#serving[child.slot] = null;
    if (this.#isStopping) return;
    const { code, signal, hung } = end;
    const worker = child.slot;
    this.#options.log.error(hung ? "worker_hung" : "worker_died", { worker, exit: code, signal });
    const replacing = this.#replace(worker, end.livedMs);
    this.#replacing.set(worker, replacing);
    void replacing.finally(() => this.#replacing.delete(worker));
  }

  async #buried(child: WorkerChild, end: ChildEnd): Promise<void> {
    const { metrics } = this.#options;
    this.#all.delete(child);
    metrics.workerEnded(howOf(end));
    await metrics.retire(end.snapshot);
    if (end.isLogWhole === false) this.#isLogWhole = false;
  }

  /** FAIL CLOSED: until there is a new one, nobody listens there, and the proxy answers 503. */
  async #replace(slot: number, livedMs: number): Promise<void> {
    let lived = livedMs;
    let refused: StartFailure | null = null;
    if (this.#restartingSlot === slot) await this.#restarting;
    while (!this.#isStopping) {
      const next = this.#brakes[slot]?.ended(lived) ?? "give_up";
      if (next === "give_up") {
        this.#options.log.fatal("workers_given_up", { worker: slot });
        return this.#giveUp.resolve(refused);
      }
      await delay(next.waitMs);
      if (this.#isStopping || this.#serving[slot] != null) return;
      const child = this.#bear(slot);
      const started = await child.started;
      if (started.kind === "ready") {
        this.#serve(child);
        this.#options.log.info("worker_replaced", { worker: slot });
        return;
      }
      refused = started.kind === "refused" ? started.failure : null;
      this.#tellRefusal(child, refused);
      // A host that is not as it has to be ends them all, as it was configured to.
      if (refused?.part === "posture") return this.#giveUp.resolve(refused);
      lived = 0;
    }
  }

  #tellRefusal(child: WorkerChild, failure: StartFailure | null): void {
    const worker = child.slot;
    for (const error of failure?.errors ?? ["it ended while it started"]) {
      this.#options.log.error("worker_refused", { worker, error: error.slice(0, 256) });
    }
  }
}

function howOf({ hung, isLogWhole, code }: ChildEnd): WorkerEnd {
  if (hung) return "hung";
  if (isLogWhole !== null) return "left";
  return code === null || code === 0 ? "died" : "refused";
}
