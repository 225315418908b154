import type { Duplex } from "node:stream";
import { Connection, type ConnectionListener } from "./connection.ts";
import type { Stream } from "./stream.ts";

/** Connections, from wherever they were accepted, and what is to be sent on them. */
export class Http2Server {
  readonly #connections = new Set<Connection>();
  readonly #onStream: (stream: Stream, socket: Duplex) => void;
  #unsent: Connection[] = [];

  constructor(onStream: (stream: Stream, socket: Duplex) => void) {
    this.#onStream = onStream;
  }

  get openConnections(): number {
    return this.#connections.size;
  }

  accept(socket: Duplex): void {
    // Nobody would be told of its end.
    if (socket.destroyed) return;
    const listener: ConnectionListener = {
      onStream: (stream) => this.#onStream(stream, socket),
      onOutput: (connection) => this.#later(connection),
      onClose: (connection) => this.#connections.delete(connection),
    };
    this.#connections.add(new Connection(socket, listener));
  }

  /** Sends what there is, without waiting for the end of this turn of the event loop. */
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

  #later(connection: Connection): void {
    if (this.#unsent.push(connection) === 1) setImmediate(this.flush);
  }
}
