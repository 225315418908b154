import type { ChildProcess } from "node:child_process";
import { performance } from "node:perf_hooks";
import type { MetricsSnapshot } from "../../telemetry/metrics.ts";
import type { ServiceHealth, StartFailure } from "../service.ts";
import { cpuTimeOf, isHanging } from "./hanging.ts";
import { isMessage, type Order, type Report } from "./messages.ts";

/** How a worker came up: it is ready at a port, or says what stands against it. */
export type Started =
  | { readonly kind: "ready"; readonly port: number }
  | { readonly kind: "refused"; readonly failure: StartFailure }
  /** It ended before it could say anything, or took too long. */
  | { readonly kind: "ended" };

export interface ChildEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly livedMs: number;
  /** It showed no sign of life, and was ended. */
  readonly hung: boolean;
  /** Of one that was told to end and did; null of any other. */
  readonly isLogWhole: boolean | null;
  /** The last that it said of its counts. */
  readonly snapshot: MetricsSnapshot;
}

/** One worker process, from outside. */
export interface WorkerChild {
  readonly slot: number;
  readonly lane: number;
  readonly pid: number;
  readonly started: Promise<Started>;
  readonly ended: Promise<ChildEnd>;
  /** What it said last; null before it is ready and once it has been told to end. */
  readonly health: ServiceHealth | null;
  /** Null where it does not answer in time. */
  measure(deadlineMs: number): Promise<MetricsSnapshot | null>;
  tell(order: "hand_over" | "stop"): void;
  kill(): void;
}

export interface ChildOptions {
  readonly process: ChildProcess;
  readonly slot: number;
  readonly lane: number;
  readonly hangDeadlineMs: number;
  /** After an order to end. */
  readonly leaveDeadlineMs: number;
}

const START_DEADLINE_MS = 60_000;
/** Pings in the time after which a worker without an answer is taken for hanging. */
const PINGS = 8;

export function followChild(options: ChildOptions): WorkerChild {
  return new Child(options);
}

class Child implements WorkerChild {
  readonly slot: number;
  readonly lane: number;
  readonly pid: number;
  readonly started: Promise<Started>;
  readonly ended: Promise<ChildEnd>;
  health: ServiceHealth | null = null;
  readonly #process: ChildProcess;
  readonly #options: ChildOptions;
  readonly #bornMs = performance.now();
  readonly #hasStarted = Promise.withResolvers<Started>();
  readonly #asked = new Map<number, (snapshot: MetricsSnapshot | null) => void>();
  #asks = 0;
  #snapshot: MetricsSnapshot = [];
  #isLogWhole: boolean | null = null;
  #isLeaving = false;
  #hung = false;
  #hasEnded = false;
  #aliveMs = 0;
  /** CPU time that it had used when it last said something. */
  #aliveCpuMs: number | null = null;
  #tickMs = 0;
  #pulse: NodeJS.Timeout | null = null;
  #patience: NodeJS.Timeout;

  constructor(options: ChildOptions) {
    this.#options = options;
    this.#process = options.process;
    this.slot = options.slot;
    this.lane = options.lane;
    this.pid = options.process.pid ?? 0;
    this.started = this.#hasStarted.promise;
    this.ended = new Promise((resolve) => {
      const end = (code: number | null, signal: NodeJS.Signals | null) => {
        this.#close();
        resolve(this.#endOf(code, signal));
      };
      this.#process.once("exit", end);
      this.#process.once("error", () => {
        if (this.#process.pid === undefined) end(null, null);
      });
    });
    this.#process.on("message", (message) => {
      if (isMessage(message)) this.#hear(message as Report);
    });
    this.#patience = setTimeout(() => this.kill(), START_DEADLINE_MS);
  }

  async measure(deadlineMs: number): Promise<MetricsSnapshot | null> {
    if (this.health === null && !this.#isLeaving) return null;
    const ask = ++this.#asks;
    const answer = Promise.withResolvers<MetricsSnapshot | null>();
    this.#asked.set(ask, answer.resolve);
    const late = setTimeout(() => answer.resolve(null), deadlineMs);
    this.#say({ kind: "measure", ask });
    const snapshot = await answer.promise;
    clearTimeout(late);
    this.#asked.delete(ask);
    return snapshot;
  }

  /** It still shows signs of life while it leaves: one that hangs then is ended too. */
  tell(kind: "hand_over" | "stop"): void {
    if (this.#hasEnded) return;
    this.#isLeaving = true;
    this.health = null;
    this.#say({ kind });
    clearTimeout(this.#patience);
    this.#patience = setTimeout(() => this.kill(), this.#options.leaveDeadlineMs);
  }

  kill(): void {
    this.#process.kill("SIGKILL");
  }

  #hear(report: Report): void {
    this.#seeAlive();
    switch (report.kind) {
      case "ready":
        clearTimeout(this.#patience);
        this.health = report.health;
        this.#watch();
        this.#hasStarted.resolve({ kind: "ready", port: report.port });
        return;
      case "refused":
        this.#hasStarted.resolve({ kind: "refused", failure: report.failure });
        return;
      case "alive":
        if (!this.#isLeaving) this.health = report.health;
        return;
      case "measured":
        this.#snapshot = report.snapshot;
        this.#asked.get(report.ask)?.(report.snapshot);
        return;
      case "left":
        this.#snapshot = report.snapshot;
        this.#isLogWhole = report.isLogWhole;
    }
  }

  /**
   * From outside, since who hangs cannot say so. Where the supervisor itself was held up, it has
   * heard nobody, and asks anew before it believes anything.
   */
  #watch(): void {
    const intervalMs = this.#options.hangDeadlineMs / PINGS;
    this.#tickMs = performance.now();
    this.#pulse = setInterval(() => {
      const now = performance.now();
      if (now - this.#tickMs > 2 * intervalMs) this.#seeAlive();
      this.#tickMs = now;
      if (!this.#isHanging(now)) {
        this.#say({ kind: "ping" });
        return;
      }
      // FAIL CLOSED: its streams end with an error, and so do the calls on them.
      this.#hung = true;
      this.kill();
    }, intervalMs);
  }

  #seeAlive(): void {
    this.#aliveMs = performance.now();
    this.#aliveCpuMs = cpuTimeOf(this.pid);
  }

  #isHanging(nowMs: number): boolean {
    const { hangDeadlineMs } = this.#options;
    const wallMs = nowMs - this.#aliveMs;
    if (wallMs < hangDeadlineMs) return false;
    const nowCpuMs = cpuTimeOf(this.pid);
    const before = this.#aliveCpuMs;
    const cpuMs = nowCpuMs === null || before === null ? null : nowCpuMs - before;
    return isHanging({ wallMs, cpuMs }, hangDeadlineMs);
  }

  #say(order: Order): void {
    if (this.#process.connected) this.#process.send(order, () => undefined);
  }

  #close(): void {
    this.#hasEnded = true;
    clearTimeout(this.#patience);
    if (this.#pulse !== null) clearInterval(this.#pulse);
    this.health = null;
    this.#hasStarted.resolve({ kind: "ended" });
    for (const answer of this.#asked.values()) answer(null);
  }

  #endOf(code: number | null, signal: NodeJS.Signals | null): ChildEnd {
    return {
      code,
      signal,
      livedMs: performance.now() - this.#bornMs,
      hung: this.#hung,
      isLogWhole: this.#isLeaving ? this.#isLogWhole : null,
      snapshot: this.#snapshot,
    };
  }
}
