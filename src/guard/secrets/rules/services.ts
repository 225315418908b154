import { ALNUM, HEX, prefixed, sampleOf, URL_SAFE } from "../prefixed.ts";
import type { SecretRule } from "../rule.ts";

const SLACK_WEBHOOK_HOST = ["hooks.slack", ".com"].join("");

/** A Slack token is groups of digits and a random part, joined by dashes. */
function isSlackBody(body: string): boolean {
  return /[0-9]{6}/.test(body) || /[A-Za-z0-9]{20}/.test(body);
}

/** Chat, payment, mail and monitoring. */
export const SERVICE_RULES: readonly SecretRule[] = [
  prefixed({
    kind: "slack-token",
    severity: "critical",
    prefixes: ["xoxa-", "xoxb-", "xoxc-", "xoxd-", "xoxp-", "xoxr-", "xoxs-", "xoxo-", "xapp-"],
    alphabet: "A-Za-z0-9-",
    length: [20, 300],
    tail: "(?:%[A-Za-z0-9%-]{1,300})?",
    boundary: "token",
    accepts: isSlackBody,
    sample: ["123456789012-", sampleOf(ALNUM, 24)].join(""),
  }),
  {
    kind: "slack-webhook",
    severity: "critical",
    keywords: [`${SLACK_WEBHOOK_HOST}/`],
    reach: { kind: "prefix", boundary: "any" },
    pattern: new RegExp(
      `${SLACK_WEBHOOK_HOST.replace(".", "\\.")}/(?:services|workflows|triggers)/` +
        "([A-Za-z0-9+/_-]{23,120})",
    ),
    secretGroup: 1,
    examples: {
      match: [`https://${SLACK_WEBHOOK_HOST}/services/T0/B0/${sampleOf(ALNUM, 24)}`],
      noMatch: [
        `https://${SLACK_WEBHOOK_HOST}/services/T0/B0`,
        `https://${SLACK_WEBHOOK_HOST}/docs`,
      ],
    },
  },
  prefixed({
    kind: "stripe-key",
    severity: "critical",
    prefixes: ["sk_live_", "sk_test_", "rk_live_", "rk_test_", "sk_prod_", "rk_prod_"],
    alphabet: ALNUM,
    length: [10, 247],
  }),
  prefixed({
    kind: "stripe-webhook-secret",
    severity: "critical",
    prefixes: ["whsec_"],
    alphabet: "A-Za-z0-9+/",
    length: [32, 64],
  }),
  {
    kind: "sendgrid-key",
    severity: "critical",
    keywords: ["sg."],
    reach: { kind: "prefix", boundary: "token" },
    pattern: /SG\.[A-Za-z0-9_-]{20,24}\.[A-Za-z0-9_-]{39,50}(?![A-Za-z0-9_-])/,
    secretGroup: 0,
    examples: {
      match: [["SG", sampleOf(URL_SAFE, 22), sampleOf(URL_SAFE, 43)].join(".")],
      noMatch: [
        ["SG", sampleOf(URL_SAFE, 22), sampleOf(URL_SAFE, 12)].join("."),
        ["MSG", sampleOf(URL_SAFE, 22), sampleOf(URL_SAFE, 43)].join("."),
      ],
    },
  },
  prefixed({
    kind: "twilio-key",
    severity: "high",
    prefixes: ["SK", "AC"],
    alphabet: HEX,
    length: 32,
  }),
  prefixed({
    kind: "shopify-token",
    severity: "critical",
    prefixes: ["shpat_", "shpca_", "shppa_", "shpss_"],
    alphabet: ALNUM,
    length: [32, 64],
  }),
  prefixed({
    kind: "grafana-token",
    severity: "critical",
    prefixes: ["glsa_"],
    alphabet: "A-Za-z0-9_",
    length: 41,
  }),
  prefixed({
    kind: "postman-key",
    severity: "critical",
    prefixes: ["PMAK-"],
    alphabet: "a-f0-9-",
    length: 59,
    boundary: "token",
    sample: [sampleOf(HEX, 24), sampleOf(HEX, 34)].join("-"),
  }),
  prefixed({
    kind: "linear-key",
    severity: "critical",
    prefixes: ["lin_api_", "lin_oauth_"],
    alphabet: ALNUM,
    length: [40, 64],
  }),
  prefixed({
    kind: "brevo-key",
    severity: "critical",
    prefixes: ["xkeysib-", "xsmtpsib-"],
    alphabet: "A-Za-z0-9-",
    length: [70, 90],
    boundary: "token",
    sample: [sampleOf(HEX, 64), sampleOf(ALNUM, 16)].join("-"),
  }),
  prefixed({
    kind: "notion-token",
    severity: "critical",
    prefixes: ["ntn_"],
    alphabet: ALNUM,
    length: [46, 50],
  }),
  prefixed({
    kind: "sonarqube-token",
    severity: "critical",
    prefixes: ["squ_", "sqp_", "sqa_"],
    alphabet: HEX,
    length: 40,
  }),
  prefixed({
    kind: "buildkite-token",
    severity: "critical",
    prefixes: ["bkua_"],
    alphabet: HEX,
    length: 40,
  }),
  prefixed({
    kind: "figma-token",
    severity: "critical",
    prefixes: ["figd_", "figo_"],
    alphabet: URL_SAFE,
    length: [38, 64],
    boundary: "token",
  }),
  prefixed({
    kind: "age-secret-key",
    severity: "critical",
    prefixes: ["AGE-SECRET-KEY-1"],
    alphabet: "AC-HJ-NP-Z02-9",
    length: 58,
    boundary: "token",
  }),
  prefixed({
    kind: "new-relic-key",
    severity: "critical",
    prefixes: ["NRAK-", "NRII-", "NRRA-"],
    alphabet: "A-Za-z0-9",
    length: [27, 42],
    boundary: "token",
  }),
];
