import { readFile, stat } from "node:fs/promises";
import { err, ok, type Result } from "../core/result.ts";
import { packagePath } from "./package-root.ts";

/** The bytes of a policy as they stand now. */
export interface PolicyBytes {
  /** The last ones, and whether they came with this very read. */
  read(): Promise<Result<{ readonly bytes: Uint8Array; readonly isNews: boolean }, string>>;
}

/** Where the bundle is that decides: the configured one, or that which ships with the program. */
export function bundlePlace({ bundle }: { readonly bundle: string | null }): string {
  return bundle ?? packagePath("dist/policy/bundle.tar.gz");
}

export function isUrl(place: string): boolean {
  return /^https?:/.test(place);
}

/** As large as a bundle may be; a portable policy is far smaller. */
const BYTES_MAX = 32 * 1024 * 1024;

/**
 * A file, told by its inode, size and time of change: a mounted ConfigMap swaps a symbolic link.
 * One that is written to while it is read has another signature at the next read, and is news then.
 * `what` completes the complaint of a file that cannot be read.
 */
export function fileBytes(path: string, what: string): PolicyBytes {
  let signature = "";
  let bytes = new Uint8Array();
  return {
    async read() {
      try {
        const now = await signatureOf(path);
        if (now === signature) return ok({ bytes, isNews: false });
        bytes = await readFile(path);
        signature = now;
        return ok({ bytes, isNews: true });
      } catch {
        return err(`${path}: ${what}`);
      }
    },
  };
}

async function signatureOf(path: string): Promise<string> {
  const { ino, size, mtimeNs, ctimeNs } = await stat(path, { bigint: true });
  return `${ino} ${size} ${mtimeNs} ${ctimeNs}`;
}

export interface UrlOptions {
  /** For `Authorization: Bearer …`; null for none. */
  readonly token: Uint8Array | null;
  readonly deadlineMs: number;
}

/**
 * An address over HTTP, asked with the entity tag of the last answer (RFC 9110 section 13.1.2).
 * Redirects are not followed: the operator named the place, and the token is for no other.
 */
export function urlBytes(url: string, { token, deadlineMs }: UrlOptions): PolicyBytes {
  let tag: string | null = null;
  let bytes: Uint8Array | null = null;

  async function ask(): Promise<Result<{ bytes: Uint8Array; isNews: boolean }, string>> {
    const headers = new Headers();
    if (bytes !== null && tag !== null) headers.set("if-none-match", tag);
    if (token !== null) headers.set("authorization", `Bearer ${Buffer.from(token).toString()}`);
    const signal = AbortSignal.timeout(deadlineMs);
    const response = await fetch(url, { headers, redirect: "error", signal });
    if (response.status === 304 && bytes !== null) {
      await response.body?.cancel();
      return ok({ bytes, isNews: false });
    }
    if (response.status !== 200) {
      await response.body?.cancel();
      return err(`${url}: answered with status ${response.status}`);
    }
    const received = await collect(response);
    if (received === null) return err(`${url}: is over ${BYTES_MAX} bytes`);
    const isNews = bytes === null || Buffer.compare(bytes, received) !== 0;
    tag = response.headers.get("etag");
    bytes = received;
    return ok({ bytes, isNews });
  }

  return {
    async read() {
      try {
        return await ask();
      } catch {
        return err(`${url}: gave no answer that could be read within ${deadlineMs} ms`);
      }
    },
  };
}

/** The body; null as soon as it is too large. */
async function collect(response: Response): Promise<Uint8Array | null> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body ?? []) {
    length += chunk.length;
    if (length > BYTES_MAX) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
