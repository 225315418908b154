import { createFileSink } from "../src/audit/file-sink.ts";
import { createSigner } from "../src/audit/signing.ts";

/** A decision log in a file, signed with this key (PEM); it throws as soon as it fails. */
export function openSignedLog(path: string, privateKey: string) {
  const signer = createSigner(Buffer.from(privateKey));
  if (!signer.ok) throw new Error(signer.error);
  return createFileSink({
    paths: [path],
    clock: Date,
    signer: signer.value,
    version: "bench",
    checkpointEvents: 1_000,
    sync: false,
    rotation: { fileMaxBytes: 2 ** 27, fileMaxAgeMs: 86_400_000, keepFiles: null, keepMs: null },
    queueMaxEvents: 8_192,
    onFailure: ({ code }) => {
      throw new Error(`the log failed: ${code}`);
    },
  });
}
