import { isIP } from "node:net";
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
/** While there is no answer, one asks after each such time, and the others do not. */
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
  return watch(client, options);
}

function placeOf({ address, ca }: RedisOptions) {
  if (address.kind === "unix") return { path: address.path };
  const { host, port, database } = address;
  // An address is no name to ask for (RFC 6066 section 3).
  const name = isIP(host) === 0 ? { servername: host } : {};
  const tls = { ...name, ...(ca === null ? {} : { ca }) };
  return { host, port, db: database, ...(address.tls ? { tls } : {}) };
}

function watch(client: Redis, { onChange, commandDeadlineMs }: RedisOptions): RedisConnection {
  let told: boolean | null = null;
  /** Of the commands without an answer since the last one with; null where there are none. */
  let firstFailureAt: number | null = null;
  let isSilent = false;
  let pausedUntil = 0;
  let isClosed = false;

  function tell(isUp: boolean): void {
    if (isClosed || told === isUp) return;
    told = isUp;
    onChange(isUp);
  }

  function answered(): void {
    firstFailureAt = null;
    isSilent = false;
    tell(true);
  }

  /**
   * An event loop that was busy finds many deadlines over at once, and their answers behind them:
   * only commands that were sent later and are not answered either tell of a silent server.
   */
  function failed(): void {
    const now = performance.now();
    firstFailureAt ??= now;
    if (isSilent || now - firstFailureAt < commandDeadlineMs / 2) return;
    isSilent = true;
    pausedUntil = now + PAUSE_MS;
    tell(false);
  }

  // Why is in the message, which may quote what was sent: the change alone is told.
  client.on("error", () => tell(false));
  client.on("close", () => tell(false));
  client.on("ready", answered);
  client.connect().catch(() => tell(false));

  return {
    client,
    isUp() {
      if (client.status !== "ready") return false;
      if (!isSilent) return true;
      const now = performance.now();
      if (now < pausedUntil) return false;
      // Whoever asks now is the only one to do so for a while, until there is an answer.
      pausedUntil = now + PAUSE_MS;
      return true;
    },
    note(isAnswered) {
      if (isAnswered) answered();
      else failed();
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
