import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** A certificate of `test/support/tls`, as files and as PEM. */
export interface TestCertificate {
  readonly certFile: string;
  readonly keyFile: string;
  readonly cert: string;
  readonly key: string;
}

/** The authority that signed both certificates. */
export const AUTHORITY_FILE = path("authority.pem");
export const AUTHORITY_PEM = readFileSync(AUTHORITY_FILE, "utf8");

/** Made out to `localhost` and `127.0.0.1`. */
export const LOCALHOST = certificate("localhost");
/** Made out to `elsewhere.test`: genuine, but another server's. */
export const ELSEWHERE = certificate("elsewhere");

function certificate(name: string): TestCertificate {
  const certFile = path(`${name}.pem`);
  const keyFile = path(`${name}-key.pem`);
  return {
    certFile,
    keyFile,
    cert: readFileSync(certFile, "utf8"),
    key: readFileSync(keyFile, "utf8"),
  };
}

function path(name: string): string {
  return fileURLToPath(new URL(`tls/${name}`, import.meta.url));
}
