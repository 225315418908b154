import { type DestinationStream, destination, pino } from "pino";

export type LogLevel = "debug" | "info" | "warn" | "error" | "fatal";

/** What an entry may hold: codes, counts, digests, addresses of our own. Never what a peer sent. */
export interface LogFields {
  readonly [field: string]: string | number | boolean | null;
}

/**
 * The service's own log, for operators. `code` is a stable name such as `policy_loaded`; there is
 * no free text into which a value could be written.
 */
export interface Logger {
  debug(code: string, fields?: LogFields): void;
  info(code: string, fields?: LogFields): void;
  warn(code: string, fields?: LogFields): void;
  error(code: string, fields?: LogFields): void;
  fatal(code: string, fields?: LogFields): void;
  /** Waits until the entries are with the operating system. */
  flush(): Promise<void>;
}

export interface LoggerOptions {
  readonly level: LogLevel;
  /** Standard error unless told otherwise. */
  readonly destination?: DestinationStream;
  /** Which of several workers writes; every entry says so. */
  readonly worker?: number;
}

const STDERR = 2;
/** Entries that wait for a reader of standard error that stalls; then they are dropped. */
const WAITING_MAX_BYTES = 1024 * 1024;
/** A string that is longer or odder than this is no code and no digest. */
const FIELD = /^[\x20-\x7e]{0,256}$/;
const FRAME = /^\s+at .*?([\w.-]+:\d+:\d+)\)?$/m;

/** JSON lines on standard error. They never wait for the reader, so it cannot stall an exchange. */
export function createLogger(options: LoggerOptions): Logger {
  const stream =
    options.destination ??
    // Of a length of 0, its default, `flush` would not wait.
    destination({ dest: STDERR, sync: false, minLength: 1, maxLength: WAITING_MAX_BYTES });
  const base = options.worker === undefined ? null : { worker: options.worker };
  const log = pino({ level: options.level, base }, stream);
  const entry =
    (level: LogLevel) =>
    (code: string, fields: LogFields = {}) => {
      log[level]({ ...safeFields(fields), code: safeField(code) });
    };

  return {
    debug: entry("debug"),
    info: entry("info"),
    warn: entry("warn"),
    error: entry("error"),
    fatal: entry("fatal"),
    flush: () => new Promise((resolve) => log.flush(() => resolve())),
  };
}

/**
 * An error without its message, which may quote what a peer sent (`JSON.parse` does): its class,
 * the system's code, and the place in our source.
 */
export function describeError(error: unknown): LogFields {
  if (!(error instanceof Error)) return { error: typeof error, system_code: null, at: null };
  const code = "code" in error && typeof error.code === "string" ? error.code : null;
  return { error: error.name, system_code: code, at: FRAME.exec(error.stack ?? "")?.[1] ?? null };
}

function safeFields(fields: LogFields): LogFields {
  const safe: { [field: string]: LogFields[string] } = {};
  for (const [name, value] of Object.entries(fields)) safe[name] = safeField(value);
  return safe;
}

/** The last line of defence: the habit is not to pass such a value at all. */
function safeField<T>(value: T): T | string {
  if (typeof value !== "string" || FIELD.test(value)) return value;
  return `(${Buffer.byteLength(value)} bytes)`;
}
