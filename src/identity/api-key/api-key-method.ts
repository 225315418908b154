import type { ApiKeyEntry, ApiKeySettings } from "../../core/authentication.ts";
import type { Caller, IdentityMethod } from "../../core/identity.ts";
import type { Clock } from "../../core/ports.ts";
import { err, ok, type Result } from "../../core/result.ts";
import type { Challenger } from "../challenge.ts";
import type { AuthCode } from "../codes.ts";
import type { Revocations } from "../revocations.ts";
import { hashApiKey, isApiKey, isSameHash } from "./key.ts";

export interface ApiKeyMethodOptions {
  readonly settings: ApiKeySettings;
  readonly revocations: Revocations;
  readonly challenger: Challenger;
  readonly clock: Pick<Clock, "now">;
}

/** Keys that the configuration lists by their hashes. */
export function createApiKeyMethod(options: ApiKeyMethodOptions): IdentityMethod {
  const { settings, challenger } = options;
  const known = settings.keys.map((entry) => ({ entry, hash: Buffer.from(entry.hash, "hex") }));

  /** All of them are compared: how long it takes tells nothing of which one fits. */
  function entryOf(key: string): ApiKeyEntry | null {
    const hash = hashApiKey(key);
    const fitting = known.filter((one) => isSameHash(one.hash, hash));
    return fitting[0]?.entry ?? null;
  }

  return {
    name: "api_key",
    async identify(head) {
      const shown = head.headers.get(settings.header);
      if (shown === undefined) return null;
      if (!isApiKey(shown)) return challenger.refusal(head, "api_key_malformed");
      const entry = entryOf(shown);
      if (entry === null) return challenger.refusal(head, "api_key_unknown");
      const caller = callerOf(entry, options);
      if (!caller.ok) return challenger.refusal(head, caller.error);
      return { kind: "known", ...caller.value };
    },
  };
}

function callerOf(
  { id, kind, roles, scopes, expiresAtMs }: ApiKeyEntry,
  { revocations, clock }: ApiKeyMethodOptions,
): Result<Caller, AuthCode> {
  if (expiresAtMs !== null && expiresAtMs <= clock.now()) return err("api_key_expired");
  const list = revocations.current();
  if (list === null) return err("revocations_unavailable");
  if (list.has("key", "*", id)) return err("api_key_revoked");
  return ok({
    principal: {
      id: `key:${id}`,
      kind,
      roles,
      scopes,
      claims: {},
      authenticated_by: "api_key",
    },
    credential: {
      session: null,
      expiresAtMs,
      // FAIL CLOSED: what cannot be told counts as taken back.
      isRevoked: () => revocations.current()?.has("key", "*", id) ?? true,
    },
  });
}
