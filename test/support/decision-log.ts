import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createEventBuilder } from "../../src/audit/event.ts";
import { createFileSink, type FileSinkOptions } from "../../src/audit/file-sink.ts";
import { createSigner, generateKeys, readPublicKeys } from "../../src/audit/signing.ts";
import type { DecisionEvent } from "../../src/core/audit.ts";
import { CLOCK, exampleFacts, SUBJECT_KEY } from "../unit/audit/example.ts";

const builder = createEventBuilder({ clock: CLOCK, labels: {}, subjectKey: SUBJECT_KEY });

/** A plain decision by this id. */
export function decision(id: string): DecisionEvent {
  return builder.build({ ...exampleFacts(), decisionId: id });
}

const made = generateKeys();
const signer = createSigner(Buffer.from(made.privateKey));
const publicKeys = readPublicKeys(made.publicKey);
if (!signer.ok || publicKeys === null) throw new Error("a fresh key pair is not readable");

/** One key pair for all tests. */
export const KEYS = { ...made, signer: signer.value, publicKeys };

/** What tests leave to its default. */
export const LOG_DEFAULTS: Omit<FileSinkOptions, "paths"> = {
  clock: { now: () => Date.now() },
  signer: KEYS.signer,
  version: "0.0.0",
  checkpointEvents: 1000,
  sync: false,
  rotation: { fileMaxBytes: 1e12, fileMaxAgeMs: 1e15, keepFiles: null, keepMs: null },
  queueMaxEvents: 10_000,
  onFailure: () => undefined,
  retryMs: 5,
};

/** Opens a log file as the service does. */
export function openTestLog(
  paths: FileSinkOptions["paths"],
  options: Partial<FileSinkOptions> = {},
) {
  return createFileSink({ ...LOG_DEFAULTS, ...options, paths });
}

/** A folder of one's own, gone with the `using` that holds it. */
export function temporaryFolder(): Disposable & { readonly at: (name: string) => string } {
  const folder = mkdtempSync(join(tmpdir(), "impedance-log-"));
  return {
    at: (name) => join(folder, name),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}
