import { createHash } from "node:crypto";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { err, ok, type Result } from "../core/result.ts";
import { type VerificationKey, verifyBundle } from "./bundle-signature.ts";
import { type JsonRecord, parseRecord } from "./json.ts";
import { compilePatterns, type Patterns } from "./patterns.ts";
import { type BuildFacts, buildFactsOf } from "./reads.ts";
import { readTar } from "./tar.ts";

/** An OPA bundle, compiled to WebAssembly and unpacked. */
export interface Bundle {
  /** As its author named it; without a name, the digest. */
  readonly revision: string;
  /** `sha256:…` of the bundle file. */
  readonly digest: string;
  readonly wasm: Uint8Array;
  readonly data: JsonRecord;
  /** Of `data.impedance.patterns`. */
  readonly patterns: Patterns;
  /** What the policy looks at of its input, as its builder found. */
  readonly looks: Looks;
}

export type Looks = Omit<BuildFacts, "wasm">;

/** Of a policy of which nobody said anything. */
const LOOKS_AT_EVERYTHING: Looks = { reads: null, compared: [], numbers: [] };

/** Why a bundle cannot be used. `detail` is for the operator. */
export interface BundleFault {
  readonly code:
    | "bundle_too_large"
    | "bundle_unreadable"
    | "bundle_incomplete"
    | "bundle_malformed"
    | "bundle_unverified"
    | "built_in_missing"
    | "entrypoint_missing"
    | "policy_not_loadable";
  readonly detail: string;
}

const PACKED_MAX_BYTES = 32 * 1024 * 1024;
const UNPACKED_MAX_BYTES = 128 * 1024 * 1024;

const unzip = promisify(gunzip);

/**
 * Unpacks a bundle file (`opa build -t wasm -b`). Whatever the bytes are, it does not throw. With a
 * `key`, a bundle that it did not sign is none.
 */
export async function readBundle(
  bytes: Uint8Array,
  key: VerificationKey | null = null,
): Promise<Result<Bundle, BundleFault>> {
  if (bytes.length > PACKED_MAX_BYTES) {
    return fault("bundle_too_large", `the file is over ${PACKED_MAX_BYTES} bytes`);
  }
  const archive = await unpack(bytes);
  if (!archive.ok) return archive;
  const files = readTar(archive.value);
  if (!files.ok) return fault("bundle_unreadable", `not a tar archive: ${files.error}`);
  const verified = key === null ? ok(undefined) : await verifyBundle(files.value, key);
  if (!verified.ok) return fault("bundle_unverified", verified.error);

  const wasm = files.value.get("/policy.wasm");
  if (wasm === undefined) {
    return fault("bundle_incomplete", "it holds no policy.wasm: build it with `-t wasm`");
  }
  const data = readMember(files.value, "/data.json");
  if (!data.ok) return data;
  const patterns = compilePatterns(data.value);
  if (!patterns.ok) return fault("bundle_malformed", `data.json: ${patterns.error}`);
  const manifest = readMember(files.value, "/.manifest");
  if (!manifest.ok) return manifest;
  const looks = vouchedLooks(files.value, wasm, manifest.value);
  if (!looks.ok) return looks;

  const digest = digestOf(bytes);
  const named = manifest.value.revision;
  const revision = typeof named === "string" && named !== "" ? named : digest;
  // A copy of its own: the archive's memory is not kept for it.
  return ok({
    revision,
    digest,
    wasm: wasm.slice(),
    data: data.value,
    patterns: patterns.value,
    looks: looks.value,
  });
}

/**
 * FAIL CLOSED: a list of rule packages that was made for another build would leave a rule unasked,
 * and a list of what is read would keep facts from it. Each holds for the one policy.wasm that the
 * manifest names beside it.
 */
function vouchedLooks(
  files: ReadonlyMap<string, Uint8Array>,
  wasm: Uint8Array,
  manifest: JsonRecord,
): Result<Looks, BundleFault> {
  const facts = buildFactsOf(manifest);
  if (facts === undefined) return fault("bundle_malformed", ".manifest: metadata.impedance");
  if (facts === null) {
    return holdsWrittenList(files)
      ? fault("bundle_malformed", `a list of rule packages that nothing vouches for; ${REMEDY}`)
      : ok(LOOKS_AT_EVERYTHING);
  }
  if (facts.wasm === digestOf(wasm)) return ok(facts);
  return fault("bundle_malformed", `its manifest speaks of another policy.wasm; ${REMEDY}`);
}

const REMEDY = "build it with impedance policy build";

/** Whether the packages under `mcp.rules` are asked one by one, as a builder lists them. */
function holdsWrittenList(files: ReadonlyMap<string, Uint8Array>): boolean {
  return [...files].some(([name, bytes]) => {
    if (!name.endsWith(".rego")) return false;
    const text = new TextDecoder().decode(bytes);
    return /^package[ \t]+mcp\.lib\.asked\b/m.test(text) && !text.includes(ASKS_EVERYBODY);
  });
}

const ASKS_EVERYBODY = "data.mcp.rules[name].reasons";

function digestOf(bytes: Uint8Array): string {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}

async function unpack(bytes: Uint8Array): Promise<Result<Uint8Array, BundleFault>> {
  try {
    return ok(await unzip(bytes, { maxOutputLength: UNPACKED_MAX_BYTES }));
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    return code === "ERR_BUFFER_TOO_LARGE"
      ? fault("bundle_too_large", `it unpacks to over ${UNPACKED_MAX_BYTES} bytes`)
      : fault("bundle_unreadable", "not a gzip file");
  }
}

/** A JSON member of the bundle; one that is not there is empty. */
function readMember(
  files: ReadonlyMap<string, Uint8Array>,
  name: string,
): Result<JsonRecord, BundleFault> {
  const bytes = files.get(name);
  if (bytes === undefined) return ok({});
  const record = parseRecord(bytes);
  return record.ok ? record : fault("bundle_malformed", `${name.slice(1)} is ${record.error}`);
}

function fault(code: BundleFault["code"], detail: string): Result<never, BundleFault> {
  return err({ code, detail });
}
