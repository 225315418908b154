import type { Duplex } from "node:stream";
import { Workload } from "./backlog.ts";
import { Connection, type ConnectionListener } from "./connection.ts";
import type { Stream } from "./stream.ts";

/**
 * Connections, from wherever they were accepted, by turns. What one read of a socket brought is told,
 * then what was put off meanwhile is done, and what came of it is sent, with few writes. Reading and
 * working are much code each, more than a core keeps at hand: done by turns, one message after the
 * other, each takes twice as long (docs/decisions/0028-calls-without-grpc-js.md).
 */
export class Http2Server {
  readonly #connections = new Set<Connection>();
  readonly #load = new Workload();
  readonly #onStream: (stream: Stream, socket: Duplex) => void;
  #unsent: Connection[] = [];
  #work: (() => void)[] = [];
  #isInTurn = false;

  constructor(onStream: (stream: Stream, socket: Duplex) => void) {
    this.#onStream = onStream;
  }

  get openConnections(): number {
    return this.#connections.size;
  }

  /** Whether the system has all that was written. */
  get isSent(): boolean {
    for (const connection of this.#connections) if (!connection.isSent) return false;
    return true;
  }

  accept(socket: Duplex): void {
    // Nobody would be told of its end.
    if (socket.destroyed) return;
    const listener: ConnectionListener = {
      load: this.#load,
      onRead: (read) => this.#turn(read),
      onStream: (stream) => this.#onStream(stream, socket),
      onOutput: (connection) => this.#unsentBy(connection),
      onClose: (connection) => this.#connections.delete(connection),
    };
    this.#connections.add(new Connection(socket, listener));
  }

  /** Puts work off until all that is being read was told; in order. */
  readonly later = (work: () => void): void => {
    if (this.#work.push(work) === 1 && !this.#isInTurn) process.nextTick(this.#nextTurn);
  };

  /** Sends what there is, without waiting for the end of this turn. */
  readonly flush = (): void => {
    if (this.#unsent.length === 0) return;
    const unsent = this.#unsent;
    this.#unsent = [];
    for (const connection of unsent) connection.flush();
  };

  /** Sends all peers elsewhere with what is new. */
  goAway(): void {
    for (const connection of this.#connections) connection.goAway();
  }

  close(): void {
    for (const connection of this.#connections) connection.close();
  }

  #turn(read: () => void): void {
    this.#isInTurn = true;
    this.#load.begin();
    try {
      read();
      const batch = this.#work;
      this.#work = [];
      for (const work of batch) {
        work();
        // While the rest is done the peer, on another core, goes on with these. Else each of the two
        // would wait while the other one works. Who was written to just now is the last.
        if (this.#unsent.at(-1)?.isWorthFlushing === true) this.flush();
      }
    } finally {
      this.#isInTurn = false;
      this.flush();
      this.#load.end();
      // What came of the work is for another turn.
      if (this.#work.length > 0) process.nextTick(this.#nextTurn);
    }
  }

  readonly #nextTurn = (): void => this.#turn(() => undefined);

  #unsentBy(connection: Connection): void {
    const isFirst = this.#unsent.push(connection) === 1;
    if (isFirst && !this.#isInTurn) setImmediate(this.flush);
  }
}
