import { Redis } from "ioredis";

export type RedisAddress =
  | {
      readonly kind: "tcp";
      readonly host: string;
      readonly port: number;
      readonly tls: boolean;
      readonly database: number;
    }
  | { readonly kind: "unix"; readonly path: string };

export interface RedisOptions {
  readonly address: RedisAddress;
  readonly username: string | null;
  readonly password: string | null;
  /** Certificates in PEM; null: the authorities that Node knows. */
  readonly ca: string | null;
  /** How long an answer is waited for. */
  readonly commandDeadlineMs: number;
  /** Told once of each change. */
  readonly onChange: (isUp: boolean) => void;
}

/** The one connection of this process to Redis, which comes back by itself. */
export interface RedisConnection {
  readonly client: Redis;
  /** Whether it is worth asking now: no call waits for a server that just did not answer. */
  isUp(): boolean;
  /** Somebody asked, and there was an answer or none. */
  note(isAnswered: boolean): void;
  /** Resolves when it is there for the first time, or `ms` are over. */
  waitUntilUp(ms: number): Promise<void>;
  close(): void;
}

const CONNECT_DEADLINE_MS = 1_000;
const RETRY_MIN_MS = 50;
const RETRY_MAX_MS = 1_000;
/** After so many commands in a row without an answer, one asks now and then, and the others do not. */
const FAILURES_MAX = 3;
const PAUSE_MS = 250;
/** A server that is silent for so many deadlines has lost the connection. */
const SILENT_DEADLINES = 10;

/**
 * Connects, and goes on trying for as long as it takes. A command that cannot be sent at once fails
 * at once: nothing queues up for a server that is away, and nothing is sent twice.
 */
export function connectRedis(options: RedisOptions): RedisConnection {
  const { commandDeadlineMs } = options;
  const client = new Redis({
    ...placeOf(options),
    ...(options.username === null ? {} : { username: options.username }),
    ...(options.password === null ? {} : { password: options.password }),
    lazyConnect: true,
    connectTimeout: CONNECT_DEADLINE_MS,
    commandTimeout: commandDeadlineMs,
    socketTimeout: commandDeadlineMs * SILENT_DEADLINES,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    autoResubscribe: false,
    maxRetriesPerRequest: 0,
    retryStrategy: (times) => Math.min(RETRY_MAX_MS, RETRY_MIN_MS * 2 ** Math.min(times, 10)),
  });
  return watch(client, options.onChange);
}

function placeOf({ address, ca }: RedisOptions) {
  if (address.kind === "unix") return { path: address.path };
  const { host, port, database } = address;
  const tls = { servername: host, ...(ca === null ? {} : { ca }) };
  return { host, port, db: database, ...(address.tls ? { tls } : {}) };
}

function watch(client: Redis, onChange: (isUp: boolean) => void): RedisConnection {
  let told: boolean | null = null;
  let failures = 0;
  let pausedUntil = 0;
  let isClosed = false;

  function tell(isUp: boolean): void {
    if (isClosed || told === isUp) return;
    told = isUp;
    onChange(isUp);
  }

  // Why is in the message, which may quote what was sent: the change alone is told.
  client.on("error", () => tell(false));
  client.on("close", () => tell(false));
  client.on("ready", () => {
    failures = 0;
    tell(true);
  });
  client.connect().catch(() => tell(false));

  return {
    client,
    isUp() {
      if (client.status !== "ready") return false;
      if (failures < FAILURES_MAX) return true;
      const now = performance.now();
      if (now < pausedUntil) return false;
      // Whoever asks now is the only one to do so for a while, until there is an answer.
      pausedUntil = now + PAUSE_MS;
      return true;
    },
    note(isAnswered) {
      failures = isAnswered ? 0 : failures + 1;
      if (failures === FAILURES_MAX) pausedUntil = performance.now() + PAUSE_MS;
      if (isAnswered || failures >= FAILURES_MAX) tell(isAnswered);
    },
    waitUntilUp: (ms) =>
      new Promise((resolve) => {
        if (client.status === "ready") return resolve();
        const timer = setTimeout(resolve, ms);
        client.once("ready", () => {
          clearTimeout(timer);
          resolve();
        });
      }),
    close() {
      isClosed = true;
      client.disconnect();
    },
  };
}
