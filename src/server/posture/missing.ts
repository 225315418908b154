import type { Config } from "../../config/config.ts";
import { readBounded } from "../../identity/followed-file.ts";
import { canReadKeys } from "../../identity/jwt/key-source.ts";

const FILE_MAX_BYTES = 1024 * 1024;

/** What of the files that the posture source is asked with cannot be used: a sentence each. */
export function missingForPosture({ posture: { source } }: Config): readonly string[] {
  if (source === null) return [];
  const { caFile, tokenFile, signer } = source;
  const faults: string[] = [];
  if (signer.keys.kind === "file" && !canReadKeys(signer.keys.path)) {
    faults.push(`${signer.keys.path}: the keys of the posture source cannot be read`);
  }
  for (const file of [caFile, tokenFile]) {
    if (file === null || readBounded(file, FILE_MAX_BYTES) !== null) continue;
    faults.push(`${file}: what the posture source is asked with cannot be read`);
  }
  return faults;
}
