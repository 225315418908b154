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
   * knows then what was done. Never rejects.
   */
  send(commands: readonly RedisCommand[]): Promise<readonly unknown[] | null>;
}

export function createRedisBatch(connection: RedisConnection): RedisBatch {
  const { client } = connection;
  // Before whatever is asked next: Redis takes the commands of a connection in their order.
  const load = (): void => {
    for (const { lua } of SCRIPTS) client.script("LOAD", lua).catch(() => {});
  };
  client.on("ready", load);
  if (client.status === "ready") load();

  async function exchange(
    commands: readonly (readonly [string, ...Word[]])[],
  ): Promise<readonly (readonly [Error | null, unknown])[]> {
    const pipeline = client.pipeline(commands.map((words) => [...words]));
    return (await pipeline.exec()) ?? [];
  }

  async function ask(commands: readonly RedisCommand[]): Promise<readonly unknown[] | null> {
    const replies = [...(await exchange(commands.map(short)))];
    // Somebody had Redis forget our programs. These come behind the rest of the batch.
    const unknown = replies.flatMap(([error], index) => (isUnknownScript(error) ? [index] : []));
    if (unknown.length > 0) {
      const again = unknown.flatMap((index) => commands[index] ?? []);
      for (const [position, reply] of (await exchange(again.map(long))).entries()) {
        replies[unknown[position] ?? -1] = reply;
      }
    }
    const isWhole = replies.length === commands.length && replies.every(([error]) => !error);
    return isWhole ? replies.map(([, value]) => value) : null;
  }

  return {
    async send(commands) {
      if (!connection.isUp()) return null;
      try {
        const replies = await ask(commands);
        connection.note(replies !== null);
        return replies;
      } catch {
        connection.note(false);
        return null;
      }
    },
  };
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
