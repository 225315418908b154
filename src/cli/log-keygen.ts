import { writeFileSync } from "node:fs";
import { generateAnalystKeys } from "../audit/analyst.ts";
import { generateKeys } from "../audit/signing.ts";
import { codeOf } from "../audit/sink.ts";
import type { Command, Options } from "./command.ts";
import { EXIT } from "./exit-codes.ts";
import { fail, misuse, say } from "./output.ts";

export const logKeygenCommand: Command = {
  help: `usage: impedance log keygen --out FILE [--analyst]

Writes a private Ed25519 key to FILE (PEM, PKCS#8, for its owner alone) and the public one to
FILE.pub. The service needs the first (audit.signing_key: file:FILE); whoever verifies, the second.
A file that exists is not overwritten.

With --analyst it is an X25519 pair: the service needs FILE.pub (audit.analyst_key), and keeps
arguments so that only whoever has FILE can read them, and replay them against another policy.

  --out FILE       where the private key goes
  --analyst        a pair for an analyst, not for signing

examples:
  impedance log keygen --out audit.key`,
  options: { out: "text", analyst: "flag" },
  run: async (options) => keygen(options),
};

const PRIVATE = 0o600;
const PUBLIC = 0o644;

function keygen(options: Options): number {
  const out = options.text("out");
  if (out === undefined) return misuse("--out FILE says where the private key goes");
  const isAnalyst = options.flag("analyst");
  const { privateKey, publicKey } = isAnalyst ? generateAnalystKeys() : generateKeys();
  try {
    writeFileSync(out, privateKey, { mode: PRIVATE, flag: "wx" });
    writeFileSync(`${out}.pub`, publicKey, { mode: PUBLIC, flag: "wx" });
  } catch (error) {
    const path = error instanceof Error && "path" in error ? String(error.path) : out;
    const code = codeOf(error);
    return fail([
      code === "EEXIST"
        ? `${path}: is there already, and stays as it is; name another file`
        : `${path} cannot be written (${code})`,
    ]);
  }
  say(`private key: ${out}\npublic key:  ${out}.pub`);
  return EXIT.ok;
}
