import { connect as connectPlain, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { LogFailure } from "../log-failure.ts";
import { codeOf } from "../sink.ts";
import { type Delivery, type Destination, type TlsOptions, tlsSettings } from "./destination.ts";
import { readHead } from "./line-head.ts";

export interface SyslogOptions {
  readonly host: string;
  readonly port: number;
  /** Null for plain TCP. */
  readonly tls: TlsOptions | null;
  readonly facility: SyslogFacility;
  readonly severity: SyslogSeverity;
  readonly appName: string;
  readonly hostName: string;
  readonly processId: number;
  /** A private enterprise number (RFC 5424 section 7.2.2). */
  readonly enterprise: number;
  /** For the connection and one batch, together. */
  readonly deadlineMs: number;
}

/** RFC 5424 section 6.2.1, in the order of their numbers. */
const FACILITIES = [
  ...["kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron"],
  ...["authpriv", "ftp", "ntp", "audit", "alert", "clock"],
  ...["local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7"],
] as const;
const SEVERITIES = [
  ...["emergency", "alert", "critical", "error", "warning", "notice", "informational", "debug"],
] as const;

export type SyslogFacility = (typeof FACILITIES)[number];
export type SyslogSeverity = (typeof SEVERITIES)[number];

/**
 * RFC 5424 over TCP with octet counting (RFC 6587 section 3.4.1), or over TLS (RFC 5425). Syslog
 * has no acknowledgement: a batch is delivered once the system has taken its bytes, and what was
 * under way when a connection broke may be lost. The receiver then sees it in `seq`.
 */
export function createSyslogDestination(options: SyslogOptions): Destination {
  return new SyslogDestination(options);
}

/** One line as a syslog message, without the frame around it. The line itself is its end. */
export function encodeMessage(line: string, options: SyslogOptions): string {
  const { facility, severity, appName, hostName, processId, enterprise } = options;
  const priority = FACILITIES.indexOf(facility) * 8 + SEVERITIES.indexOf(severity);
  const { seq, lane, prevHash, hash, kind, timestamp } = readHead(line);
  const chain = `seq="${seq}" lane="${lane}" prev_hash="${prevHash}" hash="${hash}"`;
  const id = kind === "" ? "-" : kind;
  return (
    `<${priority}>1 ${timestamp ?? "-"} ${nameField(hostName, 255)} ${nameField(appName, 48)} ` +
    // No byte order mark: MSG is the line and nothing else (MSG-ANY, section 6.4).
    `${processId} ${id} [impedance@${enterprise} ${chain} kind="${kind}"] ${line}`
  );
}

/** PRINTUSASCII without spaces, or the NILVALUE. */
function nameField(text: string, most: number): string {
  const clean = text.replace(/[^\x21-\x7e]/g, "").slice(0, most);
  return clean === "" ? "-" : clean;
}

class SyslogDestination implements Destination {
  readonly #options: SyslogOptions;
  #socket: Socket | null = null;

  constructor(options: SyslogOptions) {
    this.#options = options;
  }

  async send(lines: readonly string[], signal: AbortSignal): Promise<Delivery> {
    const deadline = AbortSignal.timeout(this.#options.deadlineMs);
    const over = AbortSignal.any([signal, deadline]);
    try {
      const socket = this.#socket ?? (await this.#connect(over));
      await write(socket, this.#frames(lines), over);
      return { kind: "taken", rejected: 0 };
    } catch (error) {
      // A part may be written: the connection cannot be used for another batch.
      this.close();
      const code = deadline.aborted ? "TIMEOUT" : codeOf(error);
      return { kind: "later", code, afterMs: null };
    }
  }

  close(): void {
    // What the system has taken it still sends.
    this.#socket?.destroySoon();
    this.#socket = null;
  }

  #frames(lines: readonly string[]): Buffer {
    const frames = lines.map((line) => {
      const message = encodeMessage(line, this.#options);
      return `${Buffer.byteLength(message)} ${message}`;
    });
    return Buffer.from(frames.join(""));
  }

  async #connect(over: AbortSignal): Promise<Socket> {
    const { host, port, tls } = this.#options;
    const socket =
      tls === null
        ? connectPlain({ host, port })
        : connectTls({ host, port, servername: serverName(host), ...tlsSettings(tls) });
    const outcome = Promise.withResolvers<void>();
    const give = () => outcome.reject(over.reason);
    over.addEventListener("abort", give, { once: true });
    socket.once(tls === null ? "connect" : "secureConnect", () => outcome.resolve());
    // For the whole of its life: an error of a socket that nobody listens to ends the process.
    socket.on("error", outcome.reject);
    socket.once("close", () => {
      outcome.reject(new LogFailure("CLOSED"));
      if (this.#socket === socket) this.#socket = null;
    });
    // The receiver says nothing that is of interest; without reading, its end would not be seen.
    socket.resume();
    socket.once("end", () => socket.destroy());
    try {
      await outcome.promise;
    } catch (error) {
      socket.destroy();
      throw error;
    } finally {
      over.removeEventListener("abort", give);
    }
    socket.setKeepAlive(true);
    this.#socket = socket;
    return socket;
  }
}

/** An address is no name that a certificate is asked for by (RFC 6066 section 3). */
function serverName(host: string): string {
  return /^[\d.]+$|:/.test(host) ? "" : host;
}

async function write(socket: Socket, bytes: Buffer, over: AbortSignal): Promise<void> {
  const outcome = Promise.withResolvers<void>();
  const give = () => outcome.reject(over.reason);
  const closed = () => outcome.reject(new LogFailure("CLOSED"));
  over.addEventListener("abort", give, { once: true });
  socket.once("close", closed);
  socket.write(bytes, (error) => (error ? outcome.reject(error) : outcome.resolve()));
  try {
    if (over.aborted) give();
    await outcome.promise;
  } finally {
    over.removeEventListener("abort", give);
    socket.off("close", closed);
  }
}
