import type { AttackAction, AttackSettings, AttacksConfig } from "../core/attacks.ts";
import type { DescriptionsConfig } from "../core/descriptions.ts";
import type { Direction } from "../core/message.ts";
import type { ResolverSettings } from "../core/names.ts";
import type { PiiConfig, PiiKind, PiiSettings } from "../core/pii.ts";
import type { GuardExemptionConfig } from "./config.ts";

interface RawPiiSettings {
  readonly enabled: boolean;
  readonly request: boolean;
  readonly response: boolean;
  readonly kinds: readonly PiiKind[];
  readonly deny_keys: readonly string[];
}

export interface RawPii extends RawPiiSettings {
  readonly servers: { readonly [id: string]: Partial<RawPiiSettings> };
}

export interface RawDescriptions extends Readonly<DescriptionActions> {
  readonly other_text: DescriptionsConfig["otherText"];
  readonly max_length: number;
}

type DescriptionActions = DescriptionsConfig["actions"];

export interface RawExemption {
  readonly guard: string;
  readonly server?: string;
  readonly tool?: string;
  readonly direction?: Direction;
}

interface RawAttackSettings {
  readonly enabled: boolean;
  readonly on_detect: AttackAction;
  readonly fields: readonly string[];
}

interface RawServerAttacks extends Partial<RawAttackSettings> {
  readonly tools?: { readonly [glob: string]: Partial<RawAttackSettings> };
}

export interface RawAttacks extends RawAttackSettings {
  readonly results: "report" | "off";
  readonly resolver: "off" | "system";
  readonly resolver_servers: readonly string[];
  readonly resolver_deadline_ms: number;
  readonly servers: { readonly [id: string]: RawServerAttacks };
}

/** A server's settings are complete: what it does not say is as for the others. */
export function buildPii({ servers, ...shared }: RawPii): PiiConfig {
  const own = Object.entries(servers).map(
    ([id, settings]) => [id, buildPiiSettings({ ...shared, ...settings })] as const,
  );
  return { ...buildPiiSettings(shared), servers: new Map(own) };
}

function buildPiiSettings({ deny_keys, ...settings }: RawPiiSettings): PiiSettings {
  return { ...settings, denyKeys: deny_keys };
}

export function buildDescriptions(raw: RawDescriptions): DescriptionsConfig {
  const { other_text, max_length, ...actions } = raw;
  return { actions, otherText: other_text, maxLength: max_length };
}

export function buildExemption(raw: RawExemption): GuardExemptionConfig {
  const { guard, server = null, tool = null, direction = null } = raw;
  return { guard, server, tool, direction };
}

/** What a server does not say is as for the others, and what a tool does not say as for its server. */
export function buildAttacks({ servers, results, ...shared }: RawAttacks): AttacksConfig {
  const own = Object.entries(servers).map(([id, { tools = {}, ...settings }]) => {
    const ofServer = { ...shared, ...settings };
    const ofTools = Object.entries(tools).map(([tool, raw]) => ({
      tool,
      ...buildAttackSettings({ ...ofServer, ...raw }),
    }));
    return [id, { ...buildAttackSettings(ofServer), tools: ofTools }] as const;
  });
  return { ...buildAttackSettings(shared), results, servers: new Map(own) };
}

/** Null where nobody is to ask DNS. */
export function buildResolver(raw: RawAttacks): ResolverSettings | null {
  const { resolver, resolver_servers: servers, resolver_deadline_ms: deadlineMs } = raw;
  return resolver === "off" ? null : { servers, deadlineMs };
}

function buildAttackSettings(raw: RawAttackSettings): AttackSettings {
  return { enabled: raw.enabled, onDetect: raw.on_detect, fields: raw.fields };
}
