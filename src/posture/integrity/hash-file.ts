import { createHash } from "node:crypto";
import { constants } from "node:fs";
import { type FileHandle, open, stat } from "node:fs/promises";
import { err, ok, type Result } from "../../core/result.ts";

/** Why a file has no hash. `CHANGING`: it was written to while it was read. */
export type HashFault = "UNREADABLE" | "NO_FILE" | "TOO_LARGE" | "CHANGING";

export interface HashedFile {
  /** In hexadecimal. */
  readonly sha256: string;
  readonly mark: string;
}

export interface HashOptions {
  readonly maxBytes: number;
  /** Waits so long as reading this much at once would take more than its share of the disk. */
  readonly pace: (bytes: number) => Promise<void>;
}

const CHUNK_BYTES = 256 * 1024;

/** Differs whenever the file may, through a link that is set anew too; null where there is none. */
export async function markOf(path: string): Promise<string | null> {
  return stat(path, { bigint: true }).then(markOfStat, () => null);
}

interface FileStat {
  readonly dev: bigint;
  readonly ino: bigint;
  readonly size: bigint;
  readonly mtimeNs: bigint;
  readonly ctimeNs: bigint;
}

function markOfStat({ dev, ino, size, mtimeNs, ctimeNs }: FileStat): string {
  return [dev, ino, size, mtimeNs, ctimeNs].join(":");
}

/** SHA-256 over a file as it stands, read piece by piece. */
export async function hashFile(
  path: string,
  options: HashOptions,
): Promise<Result<HashedFile, HashFault>> {
  // FAIL CLOSED: to open a pipe would wait for somebody to write to it, and nothing would be told.
  const flags = constants.O_RDONLY | constants.O_NONBLOCK;
  const file = await open(path, flags).catch(() => null);
  if (file === null) return err("UNREADABLE");
  try {
    return await hashOpen(file, options);
  } catch {
    return err("UNREADABLE");
  } finally {
    await file.close().catch(() => {});
  }
}

async function hashOpen(
  file: FileHandle,
  { maxBytes, pace }: HashOptions,
): Promise<Result<HashedFile, HashFault>> {
  const before = await file.stat({ bigint: true });
  if (!before.isFile()) return err("NO_FILE");
  if (before.size > BigInt(maxBytes)) return err("TOO_LARGE");
  const hash = createHash("sha256");
  const buffer = Buffer.alloc(CHUNK_BYTES);
  let length = 0;
  for (;;) {
    const { bytesRead } = await file.read(buffer, 0, CHUNK_BYTES, null);
    if (bytesRead === 0) break;
    length += bytesRead;
    // One that grows while it is read would never end.
    if (length > maxBytes) return err("TOO_LARGE");
    hash.update(buffer.subarray(0, bytesRead));
    await pace(bytesRead);
  }
  const mark = markOfStat(await file.stat({ bigint: true }));
  return mark === markOfStat(before) ? ok({ sha256: hash.digest("hex"), mark }) : err("CHANGING");
}
