import { format } from "../format.ts";
import type { SecretRule } from "../rule.ts";

/** "OpenAI" in base64: the middle of every key that OpenAI has issued since 2020. */
const OPENAI_MIDDLE = ["T3Blbk", "FJ"].join("");
const isChance = (body: string) => /[0-9]/.test(body) && /[a-zA-Z]/.test(body);

/** Services that run language models. */
export const MODEL_RULES: readonly SecretRule[] = [
  ...format("openai-key", `sk-{alnum 20}${OPENAI_MIDDLE}{alnum 20}`),
  ...format("openai-key", `sk-(proj|svcacct|admin|None)-{url 20-100}${OPENAI_MIDDLE}{url 20-100}`),
  ...format("openai-key", "sk-(proj|svcacct|admin)-{url 40-220}"),
  ...format("openai-key", "sk-{alnum 32-64}", { accepts: isChance }),
  ...format("openai-key", `sk-{url 16-160}${OPENAI_MIDDLE}{url 16-160}`),
  ...format("anthropic-key", "sk-ant-{url 32-140}"),
  ...format("openrouter-key", "sk-or-v1-{hex 64}"),
  ...format("openrouter-key", "sk-or-{url 32-100}"),
  ...format("langsmith-key", ["lsv2_(pt|sk)_{hex 32}_{hex 10}", "ls__{hex 32}"]),
  ...format("langfuse-key", ["sk-lf-{uuid}", "pk-lf-{uuid}"]),
  ...format("hugging-face-token", ["hf_{alnum 30-45}", "api_org_{alnum 30-45}"]),
  ...format("groq-key", "gsk_{alnum 48-60}"),
  ...format("xai-key", "xai-{word 70-90}"),
  ...format("perplexity-key", "pplx-{alnum 40-64}"),
  ...format("replicate-token", "r8_{url 37}"),
  ...format("fireworks-key", "fw_{alnum 22-48}", { accepts: isChance }),
  ...format("together-key", "tgp_v1_{url 43}"),
  ...format("cerebras-key", "csk-{alnum 40-64}"),
  ...format("elevenlabs-key", "sk_{hex 48}"),
  ...format("tavily-key", "tvly-{url 32-60}"),
  ...format("firecrawl-key", "fc-{hex 32}"),
  ...format("jina-key", "jina_{alnum 60}"),
  ...format("llama-cloud-key", "llx-{alnum 44-64}"),
  ...format("voyage-key", "pa-{url 43}"),
  ...format("nvidia-key", "nvapi-{url 60-70}"),
  ...format("pinecone-key", "pcsk_{word 60-80}"),
  ...format("wandb-key", "wandb_v1_{word 60-100}"),
  ...format("v0-key", "v1:{alnum 24}:{alnum 24}"),
  ...format("novita-key", "sk_{url 43}", { accepts: isChance }),
  ...format("voiceflow-key", ["VF.{anyhex 24}.{alnum 16}", "VF.(DM|WS).{anyhex 24}.{alnum 16}"]),
  ...format("cursor-key", "key_{hex 64}"),
  ...format("context7-key", "ctx7sk-{uuid}"),
  ...format("helicone-key", [
    "sk-helicone-{lower 7}-{lower 7}-{lower 7}-{lower 7}",
    "pk-helicone-{url 20-60}",
  ]),
  ...format("e2b-key", "e2b_{hex 40}"),
  ...format("composio-key", "ak_{url 20}", { accepts: isChance }),
  ...format("modal-token", "(ak|as)-{alnum 22}", { accepts: isChance }),
  ...format("runpod-key", "rpa_{alnum 40-50}"),
  ...format("lambda-key", "secret_{alnum 10-40}_{hex 32}.{alnum 32}"),
  ...format("arize-key", "ak-{uuid}-{url 32}"),
];
