import { resolve } from "node:path";
import type { UpstreamCredentialSettings } from "../core/authentication.ts";
import { entriesAt, textAt } from "./access.ts";
import type { Environment, Secret } from "./config.ts";
import type { Fault, Path } from "./config-error.ts";
import { resolveSecret } from "./secret.ts";

export interface RawUpstreamCredentials {
  readonly header: string;
  readonly scheme: string;
  readonly value: string;
}

/** By server; a password may be as short as it is. */
export type UpstreamSecrets = ReadonlyMap<string, Secret>;

const SECRET_MIN_BYTES = 1;
/** It becomes a part of a header. */
const VALUE = /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/;

/** Follows the references of all servers; a fault tells nothing of what they lead to. */
export function loadUpstreamSecrets(
  root: unknown,
  folder: string,
  environment: Environment,
): { readonly secrets: UpstreamSecrets; readonly faults: readonly Fault[] } {
  const secrets = new Map<string, Secret>();
  const faults: Fault[] = [];
  for (const [id] of entriesAt(root, ["servers"])) {
    const path: Path = ["servers", id, "upstream_credentials", "value"];
    const reference = textAt(root, path);
    if (reference === undefined) continue;
    const secret = resolveSecret(reference, folder, environment, SECRET_MIN_BYTES);
    if (!secret.ok) {
      faults.push({ path, target: "value", ...secret.error });
    } else if (VALUE.test(Buffer.from(secret.value.reveal()).toString("latin1"))) {
      secrets.set(id, secret.value);
    } else {
      const problem = "leads to what no header can hold";
      faults.push({ path, target: "value", problem, remedy: "let it hold the credential alone" });
    }
  }
  return { secrets, faults };
}

/** What stands in the environment stays as it is; a file may be written anew. */
export function buildUpstreamCredentials(
  { header, scheme, value }: RawUpstreamCredentials,
  secret: Secret | undefined,
  folder: string,
): UpstreamCredentialSettings {
  if (secret === undefined) throw new Error("a reference was not followed");
  const named = { header: header.toLowerCase(), scheme };
  if (!value.startsWith("file:")) {
    return { ...named, value: { kind: "fixed", reveal: () => secret.reveal() } };
  }
  return { ...named, value: { kind: "file", path: resolve(folder, value.slice(5)) } };
}
