import { hash } from "node:crypto";
import type { RedisConnection } from "../redis.ts";

type Word = string | number;

/** A program that Redis runs as one step. */
export interface Script {
  readonly lua: string;
  readonly sha: string;
}

/** Each is brought to Redis whenever there is a connection. */
const SCRIPTS: Script[] = [];

export function scriptOf(lua: string): Script {
  const script = { lua, sha: hash("sha1", lua) };
  SCRIPTS.push(script);
  return script;
}

export type RedisCommand =
  | { readonly kind: "plain"; readonly name: string; readonly words: readonly Word[] }
  | {
      readonly kind: "script";
      readonly script: Script;
      readonly keys: readonly string[];
      readonly args: readonly Word[];
    };

export function plain(name: string, ...words: readonly Word[]): RedisCommand {
  return { kind: "plain", name, words };
}

export function run(
  script: Script,
  keys: readonly string[],
  ...args: readonly Word[]
): RedisCommand {
  return { kind: "script", script, keys, args };
}

/** Commands that go together, in one round trip. */
export interface RedisBatch {
  /**
   * Null where Redis did not answer all of them in time, or one of them with an error: nobody
   * knows then what was done. Never rejects. What is sent in one turn of the event loop, for
   * whichever exchange, goes in one piece and in its order.
   */
  send(commands: readonly RedisCommand[]): Promise<readonly unknown[] | null>;
}

type Reply = readonly [Error | null, unknown];

interface Sending {
  readonly commands: readonly RedisCommand[];
  readonly resolve: (replies: readonly unknown[] | null) => void;
}

export function createRedisBatch(connection: RedisConnection): RedisBatch {
  const { client } = connection;
  let waiting: Sending[] = [];
  // Before whatever is asked next: Redis takes the commands of a connection in their order.
  const load = (): void => {
    for (const { lua } of SCRIPTS) client.script("LOAD", lua).catch(() => {});
  };
  client.on("ready", load);
  if (client.status === "ready") load();

  async function exchange(
    commands: readonly (readonly [string, ...Word[]])[],
  ): Promise<readonly Reply[]> {
    const pipeline = client.pipeline(commands.map((words) => [...words]));
    return (await pipeline.exec()) ?? [];
  }

  async function ask(commands: readonly RedisCommand[]): Promise<readonly Reply[]> {
    const replies = [...(await exchange(commands.map(short)))];
    // Somebody had Redis forget our programs. These come behind the rest of the batch.
    const unknown = replies.flatMap(([error], index) => (isUnknownScript(error) ? [index] : []));
    if (unknown.length > 0) {
      const again = unknown.flatMap((index) => commands[index] ?? []);
      for (const [position, reply] of (await exchange(again.map(long))).entries()) {
        replies[unknown[position] ?? -1] = reply;
      }
    }
    return replies;
  }

  async function flush(): Promise<void> {
    const sending = waiting;
    waiting = [];
    let replies: readonly Reply[] = [];
    if (connection.isUp()) {
      replies = await ask(sending.flatMap(({ commands }) => commands)).catch(() => []);
      connection.note(replies.some(([error]) => error === null));
    }
    let at = 0;
    for (const { commands, resolve } of sending) {
      resolve(valuesOf(replies.slice(at, at + commands.length), commands.length));
      at += commands.length;
    }
  }

  return {
    send(commands) {
      const { promise, resolve } = Promise.withResolvers<readonly unknown[] | null>();
      if (waiting.length === 0) setImmediate(() => void flush());
      waiting.push({ commands, resolve });
      return promise;
    },
  };
}

/** Null where one of them is missing or an error. */
function valuesOf(replies: readonly Reply[], length: number): readonly unknown[] | null {
  const isWhole = replies.length === length && replies.every(([error]) => error === null);
  return isWhole ? replies.map(([, value]) => value) : null;
}

function short(command: RedisCommand): readonly [string, ...Word[]] {
  if (command.kind === "plain") return [command.name, ...command.words];
  const { script, keys, args } = command;
  return ["evalsha", script.sha, keys.length, ...keys, ...args];
}

function long(command: RedisCommand): readonly [string, ...Word[]] {
  if (command.kind === "plain") return [command.name, ...command.words];
  const { script, keys, args } = command;
  return ["eval", script.lua, keys.length, ...keys, ...args];
}

function isUnknownScript(error: Error | null): boolean {
  return error?.message.startsWith("NOSCRIPT") ?? false;
}
