import { shannonEntropy } from "../../../core/entropy.ts";
import { hasBase62Checksum, withBase62Checksum } from "../checksum.ts";
import { ALNUM, LOWER_ALNUM, prefixed, sampleOf, URL_SAFE, WORD } from "../prefixed.ts";
import type { SecretRule } from "../rule.ts";

/**
 * A right checksum proves a token. A wrong one does not clear it (a truncated or older token may
 * still open something), but then it must look like chance, and not like a sentence or a filler.
 */
function isChecksummed(body: string): boolean {
  return hasBase62Checksum(body) || shannonEntropy(body) >= 3.5;
}

const CHECKSUMMED_SAMPLE = withBase62Checksum(sampleOf(ALNUM, 30));

/** Where code lives and packages are published. */
export const CODE_HOST_RULES: readonly SecretRule[] = [
  prefixed({
    kind: "github-token",
    severity: "critical",
    prefixes: ["ghp_", "gho_", "ghu_", "ghs_", "ghr_"],
    alphabet: ALNUM,
    length: [36, 255],
    accepts: isChecksummed,
    sample: CHECKSUMMED_SAMPLE,
  }),
  prefixed({
    kind: "github-fine-grained-token",
    severity: "critical",
    prefixes: ["github_pat_"],
    alphabet: WORD,
    length: [82, 93],
  }),
  prefixed({
    kind: "gitlab-token",
    severity: "critical",
    prefixes: [
      ...["glpat-", "gldt-", "glft-", "glsoat-", "glrt-", "glcbt-", "glptt-", "glagent-"],
      ...["gloas-", "glimt-", "glffct-", "GR1348941"],
    ],
    alphabet: URL_SAFE,
    length: [20, 300],
    tail: "(?:\\.[0-9a-z]{2}\\.[0-9a-z]{7,9})?",
    boundary: "token",
  }),
  prefixed({
    kind: "npm-token",
    severity: "critical",
    prefixes: ["npm_"],
    alphabet: ALNUM,
    length: 36,
    accepts: isChecksummed,
    sample: CHECKSUMMED_SAMPLE,
  }),
  prefixed({
    kind: "pypi-token",
    severity: "critical",
    prefixes: ["pypi-AgEIcHlwaS5vcmc", "pypi-AgENdGVzdC5weXBpLm9yZ"],
    alphabet: URL_SAFE,
    length: [50, 1000],
    boundary: "token",
  }),
  prefixed({
    kind: "rubygems-key",
    severity: "critical",
    prefixes: ["rubygems_"],
    alphabet: "a-f0-9",
    length: 48,
  }),
  prefixed({
    kind: "docker-token",
    severity: "critical",
    prefixes: ["dckr_pat_", "dckr_oat_"],
    alphabet: URL_SAFE,
    length: [27, 36],
    boundary: "token",
  }),
  prefixed({
    kind: "crates-io-token",
    severity: "critical",
    prefixes: ["cio"],
    alphabet: ALNUM,
    length: 32,
    accepts: (body) => /[a-z]/.test(body) && /[A-Z]/.test(body) && /[0-9]/.test(body),
  }),
  prefixed({
    kind: "atlassian-token",
    severity: "critical",
    prefixes: ["ATATT3xFfGF0", "ATCTT3xFfGN0", "ATBB", "BBDC-"],
    alphabet: "A-Za-z0-9_=+/-",
    length: [28, 255],
    boundary: "token",
    accepts: (body) => /[0-9]/.test(body) && shannonEntropy(body) >= 3.5,
  }),
  prefixed({
    kind: "nuget-key",
    severity: "critical",
    prefixes: ["oy2"],
    alphabet: LOWER_ALNUM,
    length: 43,
  }),
  prefixed({
    kind: "sourcegraph-token",
    severity: "critical",
    prefixes: ["sgp_"],
    alphabet: "A-Za-z0-9_",
    length: [40, 57],
  }),
];
