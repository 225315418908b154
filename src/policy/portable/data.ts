import type { Json } from "../../core/policy.ts";
import { type JsonRecord, nullPrototype } from "../json.ts";
import type { Clearance, Mode, PortablePolicy, PortableRule } from "./policy.ts";
import { MAX_ARG_BYTES_RULE } from "./read-modes.ts";

const FLOW_REASON = "The call holds a value that another server returned.";
const ARGUMENT_LIMIT_REASON = "The arguments are larger than the policy allows.";

/** Whether a rule is asked at all. */
export function isOn({ mode }: { readonly mode: Mode | null }): boolean {
  return mode !== "off";
}

/** Null where no limit is to be judged. */
export function argumentLimitOf(policy: PortablePolicy): number | null {
  return policy.maxArgumentBytesMode === "off" ? null : policy.maxArgumentBytes;
}

/** What a policy lays over `data.impedance`. */
export function dataOf(policy: PortablePolicy): JsonRecord {
  const { modes, clearance } = policy;
  return {
    portable: {
      policy_id: policy.policyId,
      version: policy.version,
      default: policy.default,
      reject_unknown_args: policy.rejectUnknownArguments,
      unknown_methods: policy.unknownMethods,
      rules: rulesOf(policy),
    },
    ...(modes === null
      ? {}
      : { modes: { rules: nullPrototype(modes.rules), servers: nullPrototype(modes.servers) } }),
    ...(clearance === null ? {} : { clearance: clearanceOf(clearance) }),
  };
}

function rulesOf(policy: PortablePolicy): JsonRecord {
  const rules = new Map<string, Json>();
  for (const rule of [...policy.allowRules, ...policy.denyRules].filter(isOn)) {
    const { effect, roles, scopes, reason, audit, mode } = rule;
    const logged = { ...(audit === null ? {} : { audit }), ...obliged(rule) };
    const scoped = scopes.length === 0 ? {} : { scopes };
    const methods = namesMethod(rule);
    rules.set(rule.id, { ...inMode(effect, mode), roles, reason, methods, ...scoped, ...logged });
  }
  const denial = { roles: [], methods: false };
  for (const { id, reason, mode } of policy.denyFlows.filter(isOn)) {
    rules.set(id, { ...inMode("deny", mode), ...denial, reason: reason ?? FLOW_REASON });
  }
  if (argumentLimitOf(policy) !== null) {
    const mode = policy.maxArgumentBytesMode;
    const reason = ARGUMENT_LIMIT_REASON;
    rules.set(MAX_ARG_BYTES_RULE, { ...inMode("deny", mode), ...denial, reason });
  }
  return nullPrototype(rules);
}

/** What is not there no rule has to ask for. */
function obliged({ obligations }: PortableRule): { readonly [key: string]: Json } {
  if (obligations === null) return {};
  const { alias, pad, approve } = obligations;
  const terms = Object.entries(approve ?? {}).filter(([, term]) => term !== null);
  return {
    ...(alias.length === 0 ? {} : { alias }),
    ...(pad === null ? {} : { pad }),
    ...(approve === null ? {} : { approve: Object.fromEntries(terms) }),
  };
}

/** A deny rule in shadow has an effect of its own, so that no rule takes it for one that denies. */
function inMode(effect: "allow" | "deny", mode: Mode | null): { readonly [key: string]: Json } {
  if (mode === "shadow") return { effect: "would_deny", mode };
  return mode === null ? { effect } : { effect, mode };
}

/** A rule that names a method, or a family of them, makes it known; a bare `*` names none. */
function namesMethod({ method }: PortableRule): boolean {
  return method !== null && !/^[*?]/.test(method);
}

function clearanceOf(clearance: Clearance): JsonRecord {
  return {
    default: clearance.default,
    roles: nullPrototype(clearance.roles),
    principals: nullPrototype(clearance.principals),
    unclassified: clearance.unclassified,
    redact: clearance.redact,
  };
}
