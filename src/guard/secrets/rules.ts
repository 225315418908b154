import type { SecretRule } from "./rule.ts";
import { CLOUD_RULES } from "./rules/cloud.ts";
import { CODE_HOST_RULES } from "./rules/code-hosts.ts";
import { COMMAND_RULES } from "./rules/commands.ts";
import { HASH_RULES } from "./rules/hashes.ts";
import { KEY_RULES } from "./rules/keys.ts";
import { MESSAGING_RULES } from "./rules/messaging.ts";
import { MODEL_RULES } from "./rules/models.ts";
import { PAYMENT_RULES } from "./rules/payments.ts";
import { SERVICE_RULES } from "./rules/services.ts";
import { STRUCTURE_RULES } from "./rules/structures.ts";

/** Every kind that is known by its own form. A kind stands in one table only. */
export const RULES: readonly SecretRule[] = [
  ...CLOUD_RULES,
  ...CODE_HOST_RULES,
  ...MODEL_RULES,
  ...PAYMENT_RULES,
  ...MESSAGING_RULES,
  ...SERVICE_RULES,
  ...STRUCTURE_RULES,
  ...KEY_RULES,
  ...HASH_RULES,
  ...COMMAND_RULES,
];
