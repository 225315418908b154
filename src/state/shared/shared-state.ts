import type { OnFailure, SharedRefusal, SharedState, Wanted } from "../../core/shared.ts";
import type { RedisBatch, RedisCommand } from "./batch.ts";

/** What one store asks or tells, and what follows from the replies. */
export interface Errand {
  readonly commands: readonly RedisCommand[];
  /** Null when nothing stands against going on. */
  done(replies: readonly unknown[]): SharedRefusal | null;
  /** Nobody knows whether anything of it was done. */
  failed(): SharedRefusal | null;
}

/** A store that takes part in the trip before a judgement. */
export interface SharedPart {
  /** Null where nothing is wanted of it. */
  bring(wanted: Wanted): Errand | null;
}

/** What is noted while a message is judged, to be told behind it. */
export interface Journal {
  add(errand: Errand): void;
  /** Nobody waits for it. */
  tell(errand: Errand): void;
}

/** Written as it is read: all errands of one message share one round trip. */
export class SharedStores implements SharedState, Journal {
  readonly #batch: RedisBatch;
  readonly #parts: SharedPart[] = [];
  #noted: Errand[] = [];

  constructor(batch: RedisBatch) {
    this.#batch = batch;
  }

  join(part: SharedPart): void {
    this.#parts.push(part);
  }

  add(errand: Errand): void {
    this.#noted.push(errand);
  }

  tell(errand: Errand): void {
    void this.#run([errand]);
  }

  bring(wanted: Wanted): Promise<SharedRefusal | null> | null {
    const errands = this.#parts.flatMap((part) => part.bring(wanted) ?? []);
    return errands.length === 0 ? null : this.#run(errands);
  }

  settle(): Promise<SharedRefusal | null> | null {
    if (this.#noted.length === 0) return null;
    const noted = this.#noted;
    this.#noted = [];
    return this.#run(noted);
  }

  async #run(errands: readonly Errand[]): Promise<SharedRefusal | null> {
    const replies = await this.#batch.send(errands.flatMap(({ commands }) => commands));
    let refusal: SharedRefusal | null = null;
    let at = 0;
    for (const errand of errands) {
      const own = replies?.slice(at, at + errand.commands.length);
      at += errand.commands.length;
      const outcome = own === undefined ? errand.failed() : errand.done(own);
      refusal ??= outcome;
    }
    return refusal;
  }
}

/** FAIL CLOSED unless it was asked for to go on alone. */
export function refusalOn(onFailure: OnFailure): SharedRefusal | null {
  return onFailure === "deny" ? "state_unavailable" : null;
}
