import { randomUUID } from "node:crypto";
import { link, mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** What `npm run demo` has to know of a demonstration that runs. */
export interface DemoState {
  readonly pid: number;
  /** Where the recorder tells what the servers saw. */
  readonly recorder: string;
  /** By server; empty until everything runs. */
  readonly urls: { readonly [server: string]: string };
  /** The folder of the files server. */
  readonly project: string;
}

/** A demonstration's own place in the state folder. */
export interface Claim {
  /** Sets the files of this run apart from those of one that runs beside it; mostly empty. */
  readonly suffix: string;
  publish(state: DemoState): Promise<void>;
  release(): Promise<void>;
}

/** Kept out of the repository. */
export const STATE_FOLDER = fileURLToPath(new URL("../.impedance", import.meta.url));

const ASK_DEADLINE_MS = 1_000;

/**
 * Takes `demo.json` in `folder`, or a name of its own where another demonstration runs already.
 * What a killed one left behind is cleared away.
 */
export async function claimState(folder: string, first: DemoState): Promise<Claim> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const draft = join(folder, `.${randomUUID()}.tmp`);
  const write = (state: DemoState) =>
    writeFile(draft, `${JSON.stringify(state, null, 2)}\n`, { mode: 0o600 });

  await write(first);
  try {
    const suffix = (await takes(folder, "", draft)) ? "" : `-${first.pid}`;
    const file = fileOf(folder, suffix);
    if (suffix !== "") await link(draft, file);
    return {
      suffix,
      publish: async (state) => {
        await write(state);
        // Whoever reads meanwhile finds the old file or the new one, and never half of it.
        await rename(draft, file);
      },
      release: () => rm(file, { force: true }),
    };
  } finally {
    await rm(draft, { force: true });
  }
}

/** The first demonstration of `folder` that answers; null where none does. */
export async function findState(folder: string): Promise<DemoState | null> {
  const names = await readdir(folder).catch(() => []);
  for (const name of names.filter((one) => /^demo(-\d+)?\.json$/.test(one)).sort(byLength)) {
    const state = await readState(join(folder, name));
    if (state !== null && (await answers(state))) return state;
  }
  return null;
}

/** `demo.json` before those of later runs. */
function byLength(a: string, b: string): number {
  return a.length - b.length || a.localeCompare(b);
}

function fileOf(folder: string, suffix: string): string {
  return join(folder, `demo${suffix}.json`);
}

/** A link is made whole or not at all, so that of two at once only one succeeds. */
async function takes(folder: string, suffix: string, draft: string): Promise<boolean> {
  const file = fileOf(folder, suffix);
  if (await links(draft, file)) return true;
  const other = await readState(file);
  if (other !== null && (await answers(other))) return false;
  await rm(file, { force: true });
  return links(draft, file);
}

async function links(draft: string, file: string): Promise<boolean> {
  try {
    await link(draft, file);
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EEXIST") return false;
    throw error;
  }
}

async function readState(file: string): Promise<DemoState | null> {
  try {
    const state: unknown = JSON.parse(await readFile(file, "utf8"));
    return isState(state) ? state : null;
  } catch {
    return null;
  }
}

function isState(value: unknown): value is DemoState {
  if (typeof value !== "object" || value === null) return false;
  const { pid, recorder, urls, project } = value as { [name: string]: unknown };
  const named = typeof urls === "object" && urls !== null;
  return (
    typeof pid === "number" && typeof recorder === "string" && named && typeof project === "string"
  );
}

/** Its process id may be another's by now; its recorder's address cannot be. */
async function answers({ recorder }: DemoState): Promise<boolean> {
  try {
    const reply = await fetch(recorder, { signal: AbortSignal.timeout(ASK_DEADLINE_MS) });
    await reply.body?.cancel();
    return reply.ok;
  } catch {
    return false;
  }
}
