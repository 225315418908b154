import { shannonEntropy } from "../../../core/entropy.ts";
import { isFilledIn } from "../placeholders.ts";
import { BASE32, HEX, prefixed, sampleOf, URL_SAFE } from "../prefixed.ts";
import type { SecretRule } from "../rule.ts";

const AWS_SECRET_SAMPLE = ["a/", sampleOf("A-Za-z0-9", 37), "+"].join("");
const AZURE_SIGNATURE_SAMPLE = sampleOf("A-Za-z0-9", 43);
const AZURE_KEY_SAMPLE = [sampleOf("A-Za-z0-9", 86), "=="].join("");

/** Forty characters of base64 that are no digest, no path and no word. */
function isAwsSecret(secret: string): boolean {
  return (
    /[a-z]/.test(secret) &&
    /[A-Z]/.test(secret) &&
    /[0-9]/.test(secret) &&
    !/^[0-9a-fA-F]+$/.test(secret) &&
    shannonEntropy(secret) >= 4 &&
    !isFilledIn(secret)
  );
}

/** Clouds and what runs on them. */
export const CLOUD_RULES: readonly SecretRule[] = [
  prefixed({
    kind: "aws-access-key-id",
    severity: "high",
    prefixes: ["AKIA", "ASIA", "ABIA", "ACCA"],
    alphabet: BASE32,
    length: 16,
    sample: ["Q3EGRIZT", "7XBN2WKD"].join(""),
  }),
  {
    kind: "aws-secret-access-key",
    severity: "critical",
    keywords: ["akia", "asia", "aws_secret", "aws secret", "secretaccesskey", "secret access key"],
    reach: { kind: "near", after: 160 },
    pattern: /(?<![A-Za-z0-9/+=_-])[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+=_-])/,
    secretGroup: 0,
    accepts: isAwsSecret,
    examples: {
      match: [
        `AKIA, ${AWS_SECRET_SAMPLE}`,
        `aws_secret_access_key = ${AWS_SECRET_SAMPLE}`,
        `{"SecretAccessKey": "${AWS_SECRET_SAMPLE}"}`,
      ],
      noMatch: [
        AWS_SECRET_SAMPLE,
        `aws_secret: ${sampleOf(HEX, 40)}`,
        `aws_secret ${AWS_SECRET_SAMPLE}0`,
        `aws_secret ${"-".repeat(200)} ${AWS_SECRET_SAMPLE}`,
      ],
    },
  },
  prefixed({
    kind: "google-api-key",
    severity: "critical",
    prefixes: ["AIza"],
    alphabet: URL_SAFE,
    length: 35,
    boundary: "token",
  }),
  prefixed({
    kind: "google-oauth-client-secret",
    severity: "critical",
    prefixes: ["GOCSPX-"],
    alphabet: URL_SAFE,
    length: 28,
    boundary: "token",
  }),
  prefixed({
    kind: "google-oauth-token",
    severity: "critical",
    prefixes: ["ya29."],
    alphabet: URL_SAFE,
    length: [20, 1000],
    boundary: "token",
  }),
  {
    kind: "azure-storage-key",
    severity: "critical",
    keywords: ["accountkey="],
    reach: { kind: "prefix", boundary: "word" },
    pattern: /accountkey=([A-Za-z0-9+/]{86}==)/i,
    secretGroup: 1,
    accepts: (secret) => !isFilledIn(secret),
    examples: {
      match: [`AccountName=a;AccountKey=${AZURE_KEY_SAMPLE};EndpointSuffix=core.windows.net`],
      noMatch: [
        `AccountKey=${AZURE_KEY_SAMPLE.slice(1)}`,
        `AccountKey=${"x".repeat(86)}==`,
        `MyAccountKey=${AZURE_KEY_SAMPLE}`,
      ],
    },
  },
  {
    kind: "azure-sas-signature",
    severity: "critical",
    keywords: ["sig="],
    reach: { kind: "prefix", boundary: "word" },
    pattern: /sig=([A-Za-z0-9%+/]{43,90}(?:%3D|=))/,
    secretGroup: 1,
    accepts: (secret) => /[0-9]/.test(secret) && !isFilledIn(secret),
    examples: {
      match: [`https://a.blob.core.windows.net/b?sv=2024-11-04&sig=${AZURE_SIGNATURE_SAMPLE}%3D`],
      noMatch: [
        `https://a.blob.core.windows.net/b?sig=${AZURE_SIGNATURE_SAMPLE.slice(1)}%3D`,
        `design=${AZURE_SIGNATURE_SAMPLE}%3D`,
      ],
    },
  },
  {
    kind: "azure-client-secret",
    severity: "critical",
    keywords: ["q~"],
    reach: { kind: "prefix", boundary: "token", lead: 4 },
    pattern: /[A-Za-z0-9_~.-]{3}[0-9]Q~[A-Za-z0-9_~.-]{31,34}(?![A-Za-z0-9_~.-])/,
    secretGroup: 0,
    accepts: (secret) => /[0-9]/.test(secret) && !isFilledIn(secret),
    examples: {
      match: [`client: ${["aB18", "Q~", sampleOf("A-Za-z0-9", 34)].join("")};`],
      noMatch: [
        `client: ${["aB1", "Q~", sampleOf("A-Za-z0-9", 34)].join("")};`,
        `client: ${["aB18", "Q~", sampleOf("A-Za-z0-9", 20)].join("")};`,
      ],
    },
  },
  prefixed({
    kind: "databricks-token",
    severity: "critical",
    prefixes: ["dapi"],
    alphabet: HEX,
    length: 32,
    tail: "(?:-[0-9]{1,2})?",
  }),
  prefixed({
    kind: "planetscale-token",
    severity: "critical",
    prefixes: ["pscale_tkn_", "pscale_oauth_", "pscale_pw_"],
    alphabet: "A-Za-z0-9=_.-",
    length: [32, 64],
    boundary: "token",
  }),
  prefixed({
    kind: "dynatrace-token",
    severity: "critical",
    prefixes: ["dt0c01.", "dt0s01.", "dt0s02."],
    alphabet: "A-Za-z0-9.",
    length: 89,
    sample: [sampleOf("A-Z0-9", 24), sampleOf("A-Z0-9", 64)].join("."),
  }),
  prefixed({
    kind: "digitalocean-token",
    severity: "critical",
    prefixes: ["dop_v1_", "doo_v1_", "dor_v1_"],
    alphabet: HEX,
    length: 64,
  }),
  prefixed({
    kind: "vault-token",
    severity: "critical",
    prefixes: ["hvs.", "hvb.", "hvr."],
    alphabet: URL_SAFE,
    length: [24, 300],
    boundary: "token",
    accepts: (body) => /[0-9]/.test(body) && /[A-Z]/.test(body),
  }),
];
