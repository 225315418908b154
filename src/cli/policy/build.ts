import { type Built, buildBundle } from "../../server/workbench/build.ts";
import type { Command, Options } from "../command.ts";
import { misuse, say } from "../output.ts";
import { FORMAT_HELP, failAs, formatOf } from "./format.ts";

export const buildCommand: Command = {
  help: `usage: impedance policy build [DIR|FILE…] --output FILE [OPTIONS]

Compiles the rules that ship and yours into an OPA bundle with WebAssembly, for policy.bundle of the
configuration. Yours are packages below mcp.rules (mcp.rules.acme), and helpers of any other name;
packages of ours cannot be changed. Data (impedance/data.json, …) is laid over ours, key by key.
Tests are left out. Everything is checked first: types, names, the fields of input, and that our
engine loads the result. Needs opa 1.22 or a newer 1.x.

  --output, -o FILE   where the bundle goes
  --revision TEXT     what logs call it                      [the digest of all sources]
  --signing-key FILE  sign with this private key (PEM)
  --signing-alg ALG   RS256, ES256, …                        [RS256]
${FORMAT_HELP}

examples:
  impedance policy build policy/ -o bundle.tar.gz
  impedance policy build acme.rego limits.json -o bundle.tar.gz --revision 2026-11-21`,
  options: {
    output: "text",
    revision: "text",
    "signing-key": "text",
    "signing-alg": "text",
    format: "text",
  },
  letters: { o: "output" },
  takesWords: true,
  run: build,
};

async function build(options: Options): Promise<number> {
  const format = formatOf(options);
  if (!format.ok) return misuse(format.error);
  const output = options.text("output");
  if (output === undefined) return misuse("--output FILE (-o) says where the bundle goes");
  const key = options.text("signing-key");
  const algorithm = options.text("signing-alg") ?? null;
  if (key === undefined && algorithm !== null) {
    return misuse("--signing-alg goes with --signing-key FILE");
  }
  const built = await buildBundle({
    paths: options.words,
    output,
    revision: options.text("revision") ?? null,
    signing: key === undefined ? null : { key, algorithm },
  });
  if (!built.ok) return failAs(format.value, built.error);
  say(
    format.value === "json" ? JSON.stringify({ ok: true, ...built.value }) : describe(built.value),
  );
  return 0;
}

function describe({ file, revision, digest, bytes, packages }: Built): string {
  const own = packages.length === 0 ? "none; only the rules that ship" : packages.join(", ");
  return [
    `bundle: ${file} (${bytes} bytes)`,
    `revision: ${revision}`,
    `digest: ${digest}`,
    `your packages: ${own}`,
  ].join("\n");
}
