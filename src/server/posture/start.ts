import type { Config } from "../../config/config.ts";
import type { Clock } from "../../core/ports.ts";
import type { OnFailure, Posture, PostureChange, PostureCheck } from "../../core/posture.ts";
import { err, ok, type Result } from "../../core/result.ts";
import { createPostureBook, type PostureBook } from "../../posture/book.ts";
import { createExternal, type External } from "../../posture/external.ts";
import { createFileWatch, type FileWatch } from "../../posture/integrity/file-watch.ts";
import { createPace } from "../../posture/integrity/pace.ts";
import { createTree } from "../../posture/tree.ts";
import { createPostureWatch } from "../../posture/watch.ts";
import type { Logger } from "../../telemetry/log.ts";
import type { PostureMetrics } from "../../telemetry/posture-metrics.ts";
import { bundlePlace, isUrl } from "../policy-bytes.ts";
import { createSignedSource } from "./signed-source.ts";

export interface PostureOptions {
  readonly config: Config;
  readonly metrics: PostureMetrics;
  readonly log: Logger;
  readonly clock: Clock;
  /** The file system whose /proc and /sys are read; `/` unless told otherwise. */
  readonly root?: string;
}

/** What is known of this host and of callers' devices, kept up to date. */
export interface LivePosture extends Posture {
  checks(): readonly PostureCheck[];
  /** Hears of every change from now on. */
  follow(listener: (changes: readonly PostureChange[]) => void): void;
  /** Settles once a check fails whose failure ends the run: a sentence for each. */
  readonly failed: Promise<readonly string[]>;
  stop(): void;
}

/** The bundle's name among the files that are to stay what they are. */
const BUNDLE_CHECK = "policy_bundle";

/** Looks at everything once. FAIL CLOSED: or says which checks stand against a start. */
export async function startPosture(
  options: PostureOptions,
): Promise<Result<LivePosture, readonly string[]>> {
  const { config, metrics, log, clock, root = "/" } = options;
  const listeners: ((changes: readonly PostureChange[]) => void)[] = [];
  const failed = Promise.withResolvers<readonly string[]>();
  let isStarted = false;
  const book = createPostureBook({
    ...bookSettings(config),
    onChange(changes) {
      tellChanges(changes, log, metrics);
      for (const listener of listeners) listener(changes);
      const fatal = changes.filter(endsRun);
      if (isStarted && fatal.length > 0) failed.resolve(fatal.map(sentenceOf));
    },
  });
  metrics.postureChecks(() => book.checks());
  const external = externalOf(options, book);
  if (external !== null) metrics.postureAge(() => external.ageMs());
  const paced = createPace(config.integrity.readMaxBytesPerSecond, clock);
  const watch = createPostureWatch({
    book,
    tree: createTree(root),
    host: { ...config.posture, checks: [...config.posture.checks.keys()] },
    // What runs before the first call is done as fast as it can be.
    files: watchesOf(config, clock, async (bytes) => (isStarted ? paced(bytes) : undefined)),
    lookIntervalMs: config.integrity.lookIntervalMs,
    external: external && {
      look: external.look,
      pollIntervalMs: config.posture.source?.pollIntervalMs ?? 0,
    },
  });
  await watch.look();
  isStarted = true;
  const stop = () => {
    watch.stop();
    external?.stop();
  };
  const fatal = book.checks().filter(endsRun);
  if (fatal.length > 0) {
    stop();
    return err(fatal.map(sentenceOf));
  }
  watch.follow();
  return ok({
    view: book.view,
    denies: book.denies,
    checks: book.checks,
    follow: (listener) => void listeners.push(listener),
    failed: failed.promise,
    stop,
  });
}

/** Whether anything but facts was asked for: then what was found at the start is put on record. */
export function isPostureOnRecord({ posture, integrity }: Config): boolean {
  return (
    posture.source !== null ||
    integrity.bundle !== null ||
    integrity.files.size > 0 ||
    [...posture.checks.values()].some((onFailure) => onFailure !== "fact")
  );
}

/** FAIL CLOSED: what cannot be told has failed too. */
function endsRun({ state, onFailure }: PostureCheck): boolean {
  return onFailure === "shutdown" && state !== "true";
}

function sentenceOf({ group, name, state, readFrom }: PostureCheck): string {
  const found = state === "unknown" ? "cannot be told" : "does not hold";
  return `${group}.${name} ${found} (${readFrom}), and its failure ends the run`;
}

function bookSettings({ posture, integrity }: Config) {
  const { source } = posture;
  const deviceChecks = source?.deviceChecks ?? new Map<string, OnFailure>();
  const files = [...integrity.files].map(([name, file]) => [name, file.onFailure] as const);
  const bundle =
    integrity.bundle === null ? [] : ([[BUNDLE_CHECK, integrity.bundle.onFailure]] as const);
  const table = {
    host: posture.checks,
    external: source?.checks ?? new Map<string, OnFailure>(),
    device: deviceChecks,
    integrity: new Map<string, OnFailure>([...files, ...bundle]),
  };
  return {
    onFailure: (group: keyof typeof table, name: string): OnFailure =>
      table[group].get(name) ?? "fact",
    denies: Object.values(table).some((checks) => [...checks.values()].includes("deny")),
    deviceChecks,
    deviceClaim: source?.deviceClaim ?? null,
  };
}

function externalOf(
  { config, metrics, log, clock }: PostureOptions,
  book: PostureBook,
): External | null {
  const { source } = config.posture;
  if (source === null) return null;
  let told = "";
  return createExternal({
    source: createSignedSource(source, clock, (reason) =>
      log.warn("posture_keys_missing", { issuer: source.signer.issuer, reason }),
    ),
    address: new URL(source.url).origin,
    checks: [...source.checks.keys()],
    book,
    clock,
    onFetch(outcome) {
      metrics.postureFetched(outcome.ok ? "taken" : "refused");
      // One fault is told once, while it lasts.
      if (!outcome.ok && outcome.error !== told)
        log.warn("posture_refused", { fault: outcome.error });
      told = outcome.ok ? "" : outcome.error;
    },
  });
}

function watchesOf(
  { policy, integrity }: Config,
  clock: Clock,
  pace: (bytes: number) => Promise<void>,
): ReadonlyMap<string, FileWatch> {
  const { fullIntervalMs, fileMaxBytes, bundle, files } = integrity;
  const options = { clock, fullIntervalMs, maxBytes: fileMaxBytes, pace };
  const place = bundlePlace(policy);
  const all = [...files].map(([name, file]) => ({ name, ...file }));
  // What comes from an address is held to the same before it may decide: there is no file to watch.
  if (bundle !== null && !isUrl(place)) all.push({ name: BUNDLE_CHECK, path: place, ...bundle });
  return new Map(all.map((file) => [file.name, createFileWatch(file, options)]));
}

function tellChanges(
  changes: readonly PostureChange[],
  log: Logger,
  metrics: PostureMetrics,
): void {
  for (const { group, name, state, before, onFailure } of changes) {
    const check = `${group}.${name}`;
    if (before !== null) metrics.postureChanged(check);
    const entry = { check, state, before, on_failure: onFailure };
    const isBad = state !== "true" && onFailure !== "fact";
    if (isBad) log.error("posture_failed", entry);
    else if (before !== null) log.warn("posture_changed", entry);
    else log.debug("posture_found", entry);
  }
}
