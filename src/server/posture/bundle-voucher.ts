import { createHash } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Vouchers } from "../../core/posture-settings.ts";
import { runVerifier, type VerifierOutcome } from "../../posture/integrity/verifier.ts";

/** Why these bytes are not the bundle that may decide; null where they are. */
export type BundleVoucher = (bytes: Uint8Array) => Promise<string | null>;

/**
 * Holds a bundle to its hash, and to the verifier's word, before it is even read. The verifier is
 * shown a copy of just these bytes: what stands at the bundle's place by then does not matter.
 */
export function createBundleVoucher(vouchers: Vouchers | null): BundleVoucher {
  if (vouchers === null) return async () => null;
  const { sha256: expected, verifier } = vouchers;
  let vouched: string | null = null;
  return async (bytes) => {
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    if (expected !== null && sha256 !== expected)
      return "it is not the bundle of integrity.bundle.sha256";
    if (verifier === null || sha256 === vouched) return null;
    const outcome = await withCopy(bytes, (file) => runVerifier(verifier, file, sha256));
    if (outcome === "verified") {
      vouched = sha256;
      return null;
    }
    return FAULTS[outcome];
  };
}

const FAULTS: { readonly [outcome in Exclude<VerifierOutcome, "verified">]: string } = {
  refused: "the command of integrity.bundle.verifier refused it",
  late: "the command of integrity.bundle.verifier took too long",
  not_started: "the command of integrity.bundle.verifier cannot be started",
};

/** FAIL CLOSED: without room for a copy nobody can vouch for it. */
async function withCopy(
  bytes: Uint8Array,
  use: (file: string) => Promise<VerifierOutcome>,
): Promise<VerifierOutcome> {
  const folder = await mkdtemp(join(tmpdir(), "impedance-bundle-")).catch(() => null);
  if (folder === null) return "not_started";
  try {
    const file = join(folder, "bundle.tar.gz");
    await writeFile(file, bytes, { mode: 0o400 });
    return await use(file);
  } catch {
    return "not_started";
  } finally {
    await rm(folder, { recursive: true, force: true }).catch(() => {});
  }
}
