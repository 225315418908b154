import { shannonEntropy } from "../../../core/entropy.ts";
import { hasBase62Checksum, withBase62Checksum } from "../checksum.ts";
import { format } from "../format.ts";
import type { SecretRule } from "../rule.ts";
import { sampleOf } from "../sample.ts";

/**
 * A right checksum proves a token. A wrong one does not clear it (a truncated or older token may
 * still open something), but then it must look like chance, and not like a sentence or a filler.
 */
function isChecksummed(body: string): boolean {
  return hasBase62Checksum(body) || shannonEntropy(body) >= 3.5;
}

const CHECKSUMMED = {
  accepts: isChecksummed,
  sample: withBase62Checksum(sampleOf("A-Za-z0-9", 30)),
};
const isRandom = (body: string) => /[0-9]/.test(body) && shannonEntropy(body) >= 3.5;

/** Where code lives, is built and is published. */
export const CODE_HOST_RULES: readonly SecretRule[] = [
  ...format("github-token", "(ghp|gho|ghu|ghs|ghr)_{alnum 36-255}", CHECKSUMMED),
  ...format("github-app-token", "ghs_{digit 1-20}_eyJ{any 40-4000}"),
  ...format("github-fine-grained-token", "github_pat_{word 76-255}"),
  ...format("gitlab-token", "gl(pat|dt|ft|soat|rt|rtr|ptt|imt|ffct|wt|agent|oas)-{url 20-300}"),
  ...format("gitlab-token", "gl(pat|rt)-{url 20-300}.{lower 2}.{lower 7-9}"),
  ...format("gitlab-token", "gl(pat|rt)-{url 20-300}.{lower 9}"),
  ...format("gitlab-job-token", "glcbt-{url 20-300}"),
  ...format("gitlab-runner-token", "GR1348941{url 20-50}"),
  ...format("gitlab-session", "_gitlab_session={lower 32}"),
  ...format("bitbucket-token", "ATBB{alnum 24-40}", { accepts: isRandom }),
  ...format("bitbucket-token", "BBDC-{any 40-60}", { accepts: isRandom }),
  ...format("atlassian-token", "(ATATT3xFfGF0|ATCTT3xFfGN0){padded 20-400}", { accepts: isRandom }),
  ...format("atlassian-token", "ATATT3{padded 100-400}", { accepts: isRandom }),
  ...format("atlassian-token", "ATSTT3{padded 100-400}", { accepts: isRandom }),
  ...format("sourcegraph-token", ["sgp_{hex 40}", "sgp_(local|{anyhex 16})_{anyhex 40}"]),
  ...format("sourcegraph-cody-key", "(slk|sgd)_{hex 64}"),
  ...format("circleci-token", "(CCIPAT|CCIPRJ)_{alnum 16-30}_{hex 40}"),
  ...format("buildkite-token", "(bkua|bkct|bkaj|bkpt)_{lower 40-64}"),
  ...format("teamcity-token", "eyJ0eXAiOiAiVENWMiJ9.{url 36}.{url 40-60}"),
  ...format("snyk-token", "snyk_(uat|sat).{hex 8}.{dotted 30-500}"),
  ...format("sonarqube-token", "(squ|sqp|sqa)_{lower 40}"),
  ...format("harness-token", "(pat|sat).{url 22}.{alnum 24}.{alnum 20}"),
  ...format("octopus-deploy-key", "API-{upper 25-33}", {
    accepts: (body) => shannonEntropy(body) >= 3.3 && /[0-9]/.test(body),
  }),
  ...format("npm-token", "npm_{alnum 36}", CHECKSUMMED),
  ...format("npm-token", "npm_{word 36-255}", { accepts: (body) => shannonEntropy(body) >= 4.2 }),
  ...format("pypi-token", [
    "pypi-AgEIcHlwaS5vcmc{url 50-1000}",
    "pypi-AgENdGVzdC5weXBp{url 50-1000}",
  ]),
  ...format("pypi-token", "pypi-{url 85-255}", { accepts: (body) => shannonEntropy(body) >= 4.5 }),
  ...format("rubygems-key", "rubygems_{lower 42-52}"),
  ...format("docker-token", "(dckr_pat|dckr_oat)_{url 27-36}"),
  ...format("crates-io-token", "cio{alnum 32}", {
    accepts: (body) => /[a-z]/.test(body) && /[A-Z]/.test(body) && /[0-9]/.test(body),
  }),
  ...format("nuget-key", "oy2{lower 43}"),
  ...format("clojars-token", "CLOJARS_{lower 60}"),
  ...format("packagist-token", "packagist_(ack|acs|uut|out)_{hex 60-80}"),
  ...format("jfrog-token", ["AKCp{alnum 60-80}", "cmVmd{alnum 57-60}"]),
  ...format("postman-key", ["PMAK-{alnum 24}-{alnum 34}", "PMAT-{upper 26}"]),
  ...format("readme-key", "rdme_{lower 70}"),
  ...format("figma-token", "(figd|figo|figu|figur|figdr)_{url 38-64}"),
  ...format("stackhawk-key", "hawk.{url 20}.{url 20}"),
  ...format("dependency-track-key", "odt_{alnum 32-255}"),
  ...format("prefect-key", "(pnu|pnb)_{alnum 36}"),
  ...format("wundergraph-key", "cosmo_{hex 32}"),
  ...format("apollo-key", "(user|service):{url 3-60}:{url 22}", { boundary: "token" }),
  ...format("nightfall-key", "NF-{alnum 32}"),
  ...format("ionic-token", "ion_{lower 42}"),
  ...format(
    "authress-key",
    "(sc|ext|scauth|authress)_{lower 5-30}.{lower 4-6}.acc(_|-){url 10-32}.{any 30-120}",
  ),
];
