import { writeFileSync } from "node:fs";
import { generateKeys } from "../audit/signing.ts";
import { codeOf } from "../audit/sink.ts";
import type { Command, Options } from "./command.ts";
import { EXIT } from "./exit-codes.ts";
import { fail, misuse, say } from "./output.ts";

export const logKeygenCommand: Command = {
  name: "keygen",
  summary: "a fresh key pair for signing checkpoints",
  help: `usage: impedance log keygen --out FILE

Writes a private Ed25519 key to FILE (PEM, PKCS#8, for its owner alone) and the public one to
FILE.pub. The service needs the first (audit.signing_key: file:FILE); whoever verifies, the second.
A file that exists is not overwritten.

  --out FILE       where the private key goes

examples:
  impedance log keygen --out audit.key`,
  options: { out: "text" },
  run: async (options) => keygen(options),
};

const PRIVATE = 0o600;
const PUBLIC = 0o644;

function keygen(options: Options): number {
  const out = options.text("out");
  if (out === undefined) return misuse("--out FILE says where the private key goes");
  const { privateKey, publicKey } = generateKeys();
  try {
    writeFileSync(out, privateKey, { mode: PRIVATE, flag: "wx" });
    writeFileSync(`${out}.pub`, publicKey, { mode: PUBLIC, flag: "wx" });
  } catch (error) {
    const path = error instanceof Error && "path" in error ? String(error.path) : out;
    return fail([`${path} cannot be written (${codeOf(error)})`]);
  }
  say(`private key: ${out}\npublic key:  ${out}.pub`);
  return EXIT.ok;
}
