import { Resolver } from "node:dns/promises";
import type { NameAnswer, NameResolver, ResolverSettings } from "../core/names.ts";
import type { Clock } from "../core/ports.ts";

/** An answer that comes after the deadline is remembered all the same. */
export interface NameResolverOptions extends ResolverSettings {
  readonly clock: Pick<Clock, "monotonic">;
}

const NAMES_MAX = 4_096;
/** Questions that are open at the same time; more are not asked. */
const OPEN_MAX = 256;
const ANSWER_TTL_MIN_S = 1;
const ANSWER_TTL_MAX_S = 60;
const NO_NAME_TTL_S = 5;

/** The name has no address of this kind: that is an answer. */
const NO_ADDRESS: ReadonlySet<unknown> = new Set(["ENOTFOUND", "ENODATA"]);

interface Found {
  readonly addresses: readonly string[];
  readonly ttlS: number;
}

interface Remembered {
  readonly answer: readonly string[];
  readonly until: number;
}

/**
 * Asks name servers by themselves (c-ares): the machine's own files of hosts and its search domains
 * are not read, and no thread waits, however many names there are.
 */
export function createNameResolver(options: NameResolverOptions): NameResolver {
  const { clock, servers, deadlineMs } = options;
  const resolver = new Resolver({ timeout: Math.max(1, deadlineMs), tries: 2 });
  if (servers.length > 0) resolver.setServers(servers);
  const remembered = new Map<string, Remembered>();
  const open = new Map<string, Promise<NameAnswer>>();

  function remember(name: string, found: readonly Found[]): readonly string[] {
    const answer = found.flatMap(({ addresses }) => addresses);
    const ttlS = Math.min(...found.map((one) => one.ttlS));
    remembered.delete(name);
    remembered.set(name, { answer, until: clock.monotonic() + ttlS * 1000 });
    const [oldest] = remembered.keys();
    if (remembered.size > NAMES_MAX && oldest !== undefined) remembered.delete(oldest);
    return answer;
  }

  async function ask(name: string): Promise<NameAnswer> {
    const found = await Promise.all([
      asked(resolver.resolve4(name, { ttl: true })),
      asked(resolver.resolve6(name, { ttl: true })),
    ]);
    // FAIL CLOSED: half an answer does not say that there is no address inside.
    const known = found.filter((one) => one !== null);
    return known.length === found.length ? remember(name, known) : null;
  }

  return {
    resolve(name) {
      const known = remembered.get(name);
      if (known !== undefined && clock.monotonic() < known.until) return known.answer;
      const asking = open.get(name);
      if (asking !== undefined) return within(deadlineMs, asking);
      if (open.size >= OPEN_MAX) return null;
      const answer = ask(name).finally(() => open.delete(name));
      open.set(name, answer);
      return within(deadlineMs, answer);
    },
  };
}

/** Null where the question had no answer. */
async function asked(
  question: Promise<readonly { readonly address: string; readonly ttl: number }[]>,
): Promise<Found | null> {
  try {
    const records = await question;
    const ttls = records.map(({ ttl }) => Math.max(ANSWER_TTL_MIN_S, ttl));
    const addresses = records.map(({ address }) => address);
    return { addresses, ttlS: Math.min(ANSWER_TTL_MAX_S, ...ttls) };
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : null;
    return NO_ADDRESS.has(code) ? { addresses: [], ttlS: NO_NAME_TTL_S } : null;
  }
}

async function within(deadlineMs: number, answer: Promise<NameAnswer>): Promise<NameAnswer> {
  const late = Promise.withResolvers<null>();
  const timer = setTimeout(() => late.resolve(null), deadlineMs);
  try {
    return await Promise.race([answer, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
