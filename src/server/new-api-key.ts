import { createApiKey } from "../identity/api-key/key.ts";

export interface NewApiKey {
  /** Shown once, and kept nowhere. */
  readonly key: string;
  /** As `authentication.api_keys.keys` takes it. */
  readonly hash: string;
}

export function newApiKey(): NewApiKey {
  const { key, hash } = createApiKey();
  return { key, hash: `sha256:${hash}` };
}
