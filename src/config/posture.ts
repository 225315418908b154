import { isAbsolute, resolve } from "node:path";
import { isTrustworthyUrl } from "../core/address.ts";
import type { OnFailure } from "../core/posture.ts";
import type {
  IntegritySettings,
  PostureSettings,
  PostureSourceSettings,
  Vouchers,
} from "../core/posture-settings.ts";
import { entriesAt, textAt, valueAt } from "./access.ts";
import type { Fault, Path } from "./config-error.ts";

/** `posture` once the schema has found its shape right and filled in defaults. */
export interface RawPosture {
  readonly interval_s: number;
  readonly disk_paths: readonly string[];
  readonly checks: { readonly [name: string]: OnFailure | "off" };
  readonly source?: RawSource;
}

interface RawSource {
  readonly url: string;
  readonly issuer: string;
  readonly audience: string;
  readonly algorithms: readonly string[];
  readonly jwks_file?: string;
  readonly jwks_uri?: string;
  readonly jwks_max_age_s: number;
  readonly jwks_cooldown_s: number;
  readonly ca_file?: string;
  readonly token_file?: string;
  readonly poll_interval_s: number;
  readonly deadline_ms: number;
  readonly max_age_s: number;
  readonly clock_skew_s: number;
  readonly device_claim?: string;
  readonly checks: { readonly [name: string]: OnFailure };
  readonly device_checks: { readonly [name: string]: OnFailure };
}

/** `integrity`, likewise. */
export interface RawIntegrity {
  readonly look_interval_s: number;
  readonly full_interval_s: number;
  readonly read_max_bytes_per_s: number;
  readonly file_max_bytes: number;
  readonly bundle?: RawVouchers;
  readonly files: { readonly [name: string]: RawVouchers & { readonly path: string } };
}

interface RawVouchers {
  readonly sha256?: string;
  readonly verifier?: readonly string[];
  readonly verifier_deadline_ms: number;
  readonly on_failure: OnFailure;
}

const SECOND_MS = 1_000;
/** Its word is for us alone: a token of the same issuer is none (RFC 8725 section 3.11). */
const REPORT_TYPE = "posture+jwt";

export function buildPosture(raw: RawPosture, folder: string): PostureSettings {
  const checks = Object.entries(raw.checks).filter(
    (entry): entry is [string, OnFailure] => entry[1] !== "off",
  );
  return {
    intervalMs: raw.interval_s * SECOND_MS,
    diskPaths: raw.disk_paths,
    checks: new Map(checks),
    source: raw.source === undefined ? null : buildSource(raw.source, folder),
  };
}

function buildSource(raw: RawSource, folder: string): PostureSourceSettings {
  const inFolder = (path: string | undefined): string | null =>
    path === undefined ? null : resolve(folder, path);
  const timeoutMs = raw.deadline_ms;
  // The token is for the source; where its keys are anybody may ask.
  const remote = { timeoutMs, caFile: inFolder(raw.ca_file), tokenFile: null };
  const file = inFolder(raw.jwks_file);
  const named =
    raw.jwks_uri === undefined
      ? ({ kind: "discovery", ...remote } as const)
      : ({ kind: "uri", uri: raw.jwks_uri, ...remote } as const);
  return {
    url: raw.url,
    caFile: inFolder(raw.ca_file),
    tokenFile: inFolder(raw.token_file),
    deadlineMs: raw.deadline_ms,
    pollIntervalMs: raw.poll_interval_s * SECOND_MS,
    deviceClaim: raw.device_claim ?? null,
    checks: new Map(Object.entries(raw.checks)),
    deviceChecks: new Map(Object.entries(raw.device_checks)),
    signer: {
      issuer: raw.issuer,
      audience: raw.audience,
      algorithms: raw.algorithms,
      types: [REPORT_TYPE],
      clockSkewMs: raw.clock_skew_s * SECOND_MS,
      tokenMaxAgeMs: raw.max_age_s * SECOND_MS,
      keys: file === null ? named : { kind: "file", path: file },
      keysMaxAgeMs: raw.jwks_max_age_s * SECOND_MS,
      keysCooldownMs: raw.jwks_cooldown_s * SECOND_MS,
    },
  };
}

export function buildIntegrity(raw: RawIntegrity, folder: string): IntegritySettings {
  const files = Object.entries(raw.files).map(([name, file]) => {
    return [name, { path: resolve(folder, file.path), ...buildVouchers(file) }] as const;
  });
  return {
    lookIntervalMs: raw.look_interval_s * SECOND_MS,
    fullIntervalMs: raw.full_interval_s * SECOND_MS,
    readMaxBytesPerSecond: raw.read_max_bytes_per_s,
    fileMaxBytes: raw.file_max_bytes,
    bundle: raw.bundle === undefined ? null : buildVouchers(raw.bundle),
    files: new Map(files),
  };
}

function buildVouchers(raw: RawVouchers): Vouchers {
  const { verifier: command, verifier_deadline_ms: deadlineMs } = raw;
  return {
    sha256: raw.sha256 ?? null,
    verifier: command === undefined ? null : { command, deadlineMs },
    onFailure: raw.on_failure,
  };
}

/** Files of ours that no caller may be shown. */
export function postureFiles({ source }: RawPosture): readonly (string | undefined)[] {
  return [source?.jwks_file, source?.ca_file, source?.token_file];
}

const SOURCE: Path = ["posture", "source"];
const BUNDLE: Path = ["integrity", "bundle"];
const FILES: Path = ["integrity", "files"];

/** What the schema cannot say of `posture` and `integrity`. */
export function checkPosture(root: unknown): readonly Fault[] {
  const bundle = valueAt(root, BUNDLE) === undefined ? [] : [BUNDLE];
  const files = entriesAt(root, FILES).map(([name]): Path => [...FILES, name]);
  return [
    ...checkSource(root),
    ...[...bundle, ...files].flatMap((path) => checkVouchers(root, path)),
    ...checkNames(root),
    ...checkBundleAddress(root),
  ];
}

function checkSource(root: unknown): Fault[] {
  if (valueAt(root, SOURCE) === undefined) return [];
  const given = (name: string) => valueAt(root, [...SOURCE, name]) !== undefined;
  const faults = ["url", "issuer", "jwks_uri"].flatMap((name) => {
    const url = textAt(root, [...SOURCE, name]);
    if (url === undefined || isTrustworthyUrl(url)) return [];
    return [wrong([...SOURCE, name], "can be changed on the way", "use https")];
  });
  if (given("jwks_file") && given("jwks_uri")) {
    faults.push(wrong([...SOURCE, "jwks_uri"], "has no effect beside jwks_file", "remove one"));
  }
  if (!given("device_claim") && entriesAt(root, [...SOURCE, "device_checks"]).length > 0) {
    const problem = "is about devices that nothing names";
    const remedy = "add device_claim: the claim of a caller that names their device";
    faults.push(wrong([...SOURCE, "device_checks"], problem, remedy));
  }
  return faults;
}

function checkVouchers(root: unknown, path: Path): Fault[] {
  const command = valueAt(root, [...path, "verifier"]);
  const hash = valueAt(root, [...path, "sha256"]);
  if (command === undefined && hash === undefined) {
    return [wrong(path, "has nothing to be held against", "add sha256: … or verifier: […]")];
  }
  const program: unknown = Array.isArray(command) ? command[0] : undefined;
  if (typeof program !== "string" || isAbsolute(program)) return [];
  const problem = "is no absolute path: which program it is would be for the environment to say";
  return [wrong([...path, "verifier", "0"], problem, "write it with its folder")];
}

/** The bundle's check has a name too. */
function checkNames(root: unknown): Fault[] {
  const path: Path = [...FILES, "policy_bundle"];
  if (valueAt(root, path) === undefined) return [];
  const fault = wrong(path, "is the name of the bundle's check", "use integrity.bundle");
  return [{ ...fault, target: "key" }];
}

/** At an address there is no file to look at again: what comes from there is held to it as it comes. */
function checkBundleAddress(root: unknown): Fault[] {
  const path: Path = [...BUNDLE, "on_failure"];
  const isAddress = /^https?:/.test(textAt(root, ["policy", "bundle"]) ?? "");
  const told = textAt(root, path);
  if (!isAddress || told === undefined || told === "fact") return [];
  const problem = "has no effect on a bundle at an address: another does not come into force";
  return [wrong(path, problem, "remove it")];
}

function wrong(path: Path, problem: string, remedy: string): Fault {
  return { path, target: "value", problem, remedy };
}
