import type { Clock } from "../../core/ports.ts";
import type { PostureSourceSettings } from "../../core/posture-settings.ts";
import { err, ok, type Result } from "../../core/result.ts";
import { readBounded } from "../../identity/followed-file.ts";
import { fetchJson } from "../../identity/jwt/fetch-json.ts";
import { createKeyRing } from "../../identity/jwt/key-ring.ts";
import { createKeySource } from "../../identity/jwt/key-source.ts";
import { readTokenForm } from "../../identity/jwt/token-form.ts";
import { verifyToken } from "../../identity/jwt/verify.ts";
import type { PostureSource } from "../../posture/external.ts";
import { type PostureReport, readReport } from "../../posture/report.ts";

/** What a report may be: as many devices as `readReport` takes fit in. */
const REPORT_MAX_BYTES = 1024 * 1024;
const FILE_MAX_BYTES = 1024 * 1024;

/**
 * A source that answers with signed JSON: a JWS in its flattened JSON serialization (RFC 7515 section
 * 7.2.2) whose payload is a JWT's claims. It is asked as an issuer of tokens is asked for its keys:
 * over https or on this machine, with a deadline and a bound, and no redirect is followed.
 */
export function createSignedSource(
  settings: PostureSourceSettings,
  clock: Clock,
  onKeysMissing: (reason: string) => void,
): PostureSource {
  const { signer } = settings;
  const ring = createKeyRing({
    source: createKeySource(signer),
    maxAgeMs: signer.keysMaxAgeMs,
    cooldownMs: signer.keysCooldownMs,
    clock,
    onFailure: onKeysMissing,
  });

  async function verified(token: string): Promise<Result<PostureReport, string>> {
    const form = readTokenForm(token);
    if (!form.ok) return err(`is not signed as it has to be (${form.error})`);
    const issuer = { settings: signer, ring };
    const outcome = await verifyToken(token, form.value, issuer, [signer.audience], clock);
    if (!outcome.ok) return err(`its signature does not hold (${outcome.error})`);
    const { claims } = outcome.value;
    const report = readReport(claims.posture);
    if (!report.ok) return report;
    const { iat = 0, exp = 0 } = claims;
    const endsAtMs = Math.min(exp * 1_000, iat * 1_000 + signer.tokenMaxAgeMs);
    return ok({ ...report.value, issuedAtMs: iat * 1_000, endsAtMs });
  }

  return async () => {
    const answer = await ask(settings);
    if (!answer.ok) return answer;
    const token = compactOf(answer.value);
    return token === null ? err("is no signed JSON") : verified(token);
  };
}

async function ask({
  url,
  deadlineMs,
  caFile,
  tokenFile,
}: PostureSourceSettings): Promise<Result<unknown, string>> {
  // Read anew each time: both are replaced before they end.
  const ca = caFile === null ? null : readBounded(caFile, FILE_MAX_BYTES);
  const token = tokenFile === null ? null : readBounded(tokenFile, FILE_MAX_BYTES);
  const isMissing = (caFile !== null && ca === null) || (tokenFile !== null && token === null);
  if (isMissing) return err("cannot be asked: ca_file or token_file cannot be read");
  const request = { url, timeoutMs: deadlineMs, maxBytes: REPORT_MAX_BYTES, ca };
  try {
    return ok(await fetchJson({ ...request, token: token?.trim() ?? null }));
  } catch (error) {
    return err(error instanceof Error ? error.message : "failed");
  }
}

/** Null for what is none, or brings a header that nobody signed. */
function compactOf(answer: unknown): string | null {
  if (typeof answer !== "object" || answer === null) return null;
  const parts = answer as { readonly [name: string]: unknown };
  const all = [parts.protected, parts.payload, parts.signature];
  if (parts.header !== undefined || all.some((part) => typeof part !== "string")) return null;
  return all.join(".");
}
