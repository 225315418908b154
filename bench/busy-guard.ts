import { writeFile } from "node:fs/promises";
import { join } from "node:path";

export interface BusyGuard {
  /** Texts of requests that hold it are worked on. */
  readonly word: string;
  /** Of a core's time, for each of them. */
  readonly ms: number;
}

/**
 * Writes a plugin that makes a service what is full, and not what calls it; gives back its path, for
 * `plugins:` of the configuration.
 */
export async function writeBusyGuard(folder: string, { word, ms }: BusyGuard): Promise<string> {
  const module = join(folder, "works.mjs");
  await writeFile(
    module,
    `const used = () => { const { user, system } = process.threadCpuUsage(); return user + system; };
    export const createGuard = () => ({ name: "works", request({ text }) {
      const end = used() + (text.includes(${JSON.stringify(word)}) ? ${ms * 1_000} : 0);
      while (used() < end);
      return [];
    } });`,
  );
  return module;
}
