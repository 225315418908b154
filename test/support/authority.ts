import { execFileSync } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { TestCertificate } from "./certificates.ts";

export interface Wanted {
  /** As OpenSSL writes it: `URI:spiffe://…`, `DNS:…`, `IP:…`. */
  readonly names?: readonly string[];
  /** As OpenSSL writes it; `/CN=test` if absent. */
  readonly subject?: string;
  /** 1 if absent; −1 for one that has ended. */
  readonly days?: number;
}

/** Signs certificates for one test. Its key is gone with the folder. */
export interface TestAuthority extends Disposable {
  readonly folder: string;
  readonly file: string;
  readonly pem: string;
  issue(wanted?: Wanted): IssuedCertificate;
}

export interface IssuedCertificate extends TestCertificate {
  /** SHA-256 of its DER, in lower-case hexadecimal. */
  readonly fingerprint: string;
}

const KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"] as const;

/** Makes a new authority by `openssl`. */
export function createAuthority(name = "Test authority"): TestAuthority {
  const folder = mkdtempSync(join(tmpdir(), "impedance-authority-"));
  const file = join(folder, "authority.pem");
  const keyFile = join(folder, "authority-key.pem");
  openssl(["req", "-x509", ...KEY, "-keyout", keyFile, "-subj", `/CN=${name}`, "-out", file]);
  let count = 0;
  return {
    folder,
    file,
    pem: readFileSync(file, "utf8"),
    issue({ names = [], subject = "/CN=test", days = 1 } = {}) {
      count += 1;
      const certFile = join(folder, `${count}.pem`);
      const ownKeyFile = join(folder, `${count}-key.pem`);
      const request = join(folder, `${count}.csr`);
      const san = names.length === 0 ? [] : ["-addext", `subjectAltName=${names.join(",")}`];
      openssl(
        ["req", "-new", ...KEY, "-keyout", ownKeyFile, "-subj", subject, ...san].concat([
          "-out",
          request,
        ]),
      );
      openssl(
        ["x509", "-req", "-in", request, "-CA", file, "-CAkey", keyFile, "-CAcreateserial"].concat([
          "-copy_extensions",
          "copy",
          "-days",
          String(days),
          "-out",
          certFile,
        ]),
      );
      const cert = readFileSync(certFile, "utf8");
      const key = readFileSync(ownKeyFile, "utf8");
      const fingerprint = new X509Certificate(cert).fingerprint256
        .replaceAll(":", "")
        .toLowerCase();
      return { certFile, keyFile: ownKeyFile, cert, key, fingerprint };
    },
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}

function openssl(args: readonly string[]): void {
  execFileSync("openssl", args, { stdio: ["ignore", "ignore", "pipe"] });
}
