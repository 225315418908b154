import type { PostureReading } from "../core/posture.ts";
import type { PostureBook } from "./book.ts";
import type { External } from "./external.ts";
import { HOST_CHECKS, type HostSettings } from "./host/checks.ts";
import type { FileWatch } from "./integrity/file-watch.ts";
import type { Tree } from "./tree.ts";

export interface PostureWatchOptions {
  readonly book: Pick<PostureBook, "note">;
  readonly tree: Tree;
  readonly host: HostSettings & { readonly checks: readonly string[]; readonly intervalMs: number };
  readonly files: ReadonlyMap<string, FileWatch>;
  readonly lookIntervalMs: number;
  readonly external: { readonly look: External["look"]; readonly pollIntervalMs: number } | null;
}

/** Looks at everything, again and again. */
export interface PostureWatch {
  /** All of it, once. */
  look(): Promise<void>;
  /** From now on each in its own time. */
  follow(): void;
  stop(): void;
}

export function createPostureWatch(options: PostureWatchOptions): PostureWatch {
  const { book, files, external, host } = options;
  const stops: (() => void)[] = [];
  const tasks = [
    { run: () => lookAtHost(options), everyMs: host.intervalMs, isOn: host.checks.length > 0 },
    {
      run: async () => book.note("integrity", await lookAtFiles(files)),
      everyMs: options.lookIntervalMs,
      isOn: files.size > 0,
    },
    {
      run: async () => external?.look(),
      everyMs: external?.pollIntervalMs ?? 0,
      isOn: external !== null,
    },
  ].filter(({ isOn }) => isOn);
  return {
    async look() {
      await Promise.all(tasks.map(({ run }) => run()));
    },
    follow() {
      for (const { run, everyMs } of tasks) stops.push(repeat(run, everyMs));
    },
    stop() {
      for (const stop of stops) stop();
    },
  };
}

async function lookAtHost({ book, tree, host }: PostureWatchOptions): Promise<void> {
  const found = new Map<string, PostureReading>();
  for (const name of host.checks) {
    const check = HOST_CHECKS[name];
    if (check === undefined) throw new Error("a check that nobody knows");
    found.set(name, await check(tree, host));
  }
  book.note("host", found);
}

/** One after the other: they share one disk. */
async function lookAtFiles(
  files: ReadonlyMap<string, FileWatch>,
): Promise<ReadonlyMap<string, PostureReading>> {
  const found = new Map<string, PostureReading>();
  for (const [name, watch] of files) found.set(name, await watch.look());
  return found;
}

/** The next look waits for the end of this one. */
function repeat(run: () => Promise<void>, everyMs: number): () => void {
  let isStopped = false;
  let timer: NodeJS.Timeout;
  const again = async (): Promise<void> => {
    await run();
    if (!isStopped) wait();
  };
  const wait = (): void => {
    timer = setTimeout(() => void again(), everyMs);
    timer.unref();
  };
  wait();
  return () => {
    isStopped = true;
    clearTimeout(timer);
  };
}
