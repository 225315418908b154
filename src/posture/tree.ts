import { open, readdir, realpath } from "node:fs/promises";
import { dirname, join, relative } from "node:path";

/** A file system of Linux, or a copy of parts of one. Paths are absolute, as the kernel has them. */
export interface Tree {
  /** The text of a file; null where it cannot be read, or is larger than any of its kind. */
  text(path: string): Promise<string | null>;
  bytes(path: string): Promise<Uint8Array | null>;
  /** The names in a folder, up to a bound; null where it cannot be read. */
  names(path: string): Promise<readonly string[] | null>;
  /**
   * Where a path leads through all links; of what is not there yet, where it would come to be. Null
   * where that cannot be told, or is outside.
   */
  resolved(path: string): Promise<string | null>;
}

const FILE_MAX_BYTES = 1024 * 1024;
const NAMES_MAX = 4096;

/** Below `root`, which is `/` but in tests. Nothing here throws. */
export function createTree(root: string): Tree {
  const at = (path: string): string => join(root, path);
  return {
    async text(path) {
      const bytes = await readUpTo(at(path), FILE_MAX_BYTES);
      return bytes === null ? null : bytes.toString("utf8");
    },
    bytes: (path) => readUpTo(at(path), FILE_MAX_BYTES),
    async names(path) {
      const names = await readdir(at(path)).catch(() => null);
      return names === null ? null : names.slice(0, NAMES_MAX);
    },
    async resolved(path) {
      const [top, place] = await Promise.all([placeOf(root), placeOf(at(path))]);
      if (top === null || place === null) return null;
      const inside = relative(top, place);
      return inside === ".." || inside.startsWith("../") ? null : `/${inside}`;
    },
  };
}

async function placeOf(path: string): Promise<string | null> {
  try {
    return await realpath(path);
  } catch (error) {
    const isMissing = error instanceof Error && "code" in error && error.code === "ENOENT";
    if (!isMissing || dirname(path) === path) return null;
    const above = await placeOf(dirname(path));
    return above === null ? null : join(above, relative(dirname(path), path));
  }
}

/** Files of /proc and /sys say that they are empty: they are read to their end. */
async function readUpTo(path: string, maxBytes: number): Promise<Buffer | null> {
  const file = await open(path, "r").catch(() => null);
  if (file === null) return null;
  try {
    const chunks: Buffer[] = [];
    let length = 0;
    for (;;) {
      const { bytesRead, buffer } = await file.read(Buffer.alloc(16 * 1024), 0, 16 * 1024, null);
      if (bytesRead === 0) return Buffer.concat(chunks);
      length += bytesRead;
      if (length > maxBytes) return null;
      chunks.push(buffer.subarray(0, bytesRead));
    }
  } catch {
    return null;
  } finally {
    await file.close().catch(() => {});
  }
}
