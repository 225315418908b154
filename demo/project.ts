import { chmod, cp, mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { madeUpToken } from "./made-up-secret.ts";

/** The file of the project that holds what an agent must not see. */
export const SECRET_FILE = "config/staging.env";

/** A project of this run's own, which agents may read. */
export interface Project {
  readonly folder: string;
  remove(): Promise<void>;
}

/** Copies `demo/files` into a private folder, and puts a made-up secret beside them. */
export async function createProject(): Promise<Project> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), "impedance-demo-")));
  const remove = () => rm(folder, { recursive: true, force: true });
  try {
    await chmod(folder, 0o700);
    await cp(fileURLToPath(new URL("files", import.meta.url)), folder, { recursive: true });
    await writeFile(join(folder, SECRET_FILE), settings(madeUpToken()), { mode: 0o600 });
    return { folder, remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

function settings(token: string): string {
  return `# Made up for this demonstration; it opens nothing.
LOG_LEVEL=info
RELEASE_TOKEN=${token}
PUBLIC_URL=https://staging.harbour.example
`;
}
