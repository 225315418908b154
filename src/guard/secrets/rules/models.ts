import { ALNUM, prefixed, sampleOf, URL_SAFE } from "../prefixed.ts";
import type { SecretRule } from "../rule.ts";

/** "OpenAI" in base64: the middle of every key that OpenAI has issued since 2020. */
const OPENAI_MIDDLE = ["T3Blbk", "FJ"].join("");

/** Services that run language models. */
export const MODEL_RULES: readonly SecretRule[] = [
  {
    kind: "openai-key",
    severity: "critical",
    keywords: ["sk-"],
    reach: { kind: "prefix", boundary: "token" },
    pattern: new RegExp(
      `sk-(?:(?:proj|svcacct|admin|None)-)?[A-Za-z0-9_-]{20,100}${OPENAI_MIDDLE}` +
        "[A-Za-z0-9_-]{20,100}(?![A-Za-z0-9_-])",
    ),
    secretGroup: 0,
    examples: {
      match: [
        ["sk-", sampleOf(ALNUM, 20), OPENAI_MIDDLE, sampleOf(ALNUM, 20)].join(""),
        ["sk-proj-", sampleOf(URL_SAFE, 74), OPENAI_MIDDLE, sampleOf(URL_SAFE, 74)].join(""),
      ],
      noMatch: [
        ["sk-", sampleOf(ALNUM, 20), OPENAI_MIDDLE].join(""),
        ["task-", sampleOf(ALNUM, 20), OPENAI_MIDDLE, sampleOf(ALNUM, 20)].join(""),
      ],
    },
  },
  prefixed({
    kind: "openai-key",
    severity: "critical",
    prefixes: ["sk-proj-", "sk-svcacct-", "sk-admin-"],
    alphabet: URL_SAFE,
    length: [40, 200],
    boundary: "token",
  }),
  prefixed({
    kind: "openai-legacy-key",
    severity: "critical",
    prefixes: ["sk-"],
    alphabet: ALNUM,
    length: [32, 64],
    boundary: "token",
    accepts: (body) => /[0-9]/.test(body) && /[a-z]/.test(body),
  }),
  prefixed({
    kind: "anthropic-key",
    severity: "critical",
    prefixes: ["sk-ant-"],
    alphabet: URL_SAFE,
    length: [32, 140],
    boundary: "token",
  }),
  prefixed({
    kind: "openrouter-key",
    severity: "critical",
    prefixes: ["sk-or-v1-"],
    alphabet: "a-f0-9",
    length: 64,
    boundary: "token",
  }),
  prefixed({
    kind: "hugging-face-token",
    severity: "critical",
    prefixes: ["hf_", "api_org_"],
    alphabet: "A-Za-z0-9",
    length: [30, 45],
  }),
  prefixed({
    kind: "groq-key",
    severity: "critical",
    prefixes: ["gsk_"],
    alphabet: ALNUM,
    length: [48, 60],
  }),
  prefixed({
    kind: "perplexity-key",
    severity: "critical",
    prefixes: ["pplx-"],
    alphabet: ALNUM,
    length: [40, 64],
  }),
  prefixed({
    kind: "replicate-token",
    severity: "critical",
    prefixes: ["r8_"],
    alphabet: ALNUM,
    length: 37,
  }),
];
