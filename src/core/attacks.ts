/** What becomes of an attack in an argument: the policy denies the call, or it is only on record. */
export const ATTACK_ACTIONS = ["deny", "report"] as const;
export type AttackAction = (typeof ATTACK_ACTIONS)[number];

/** Where attacks are looked for, and what becomes of them. */
export interface DetectSettings {
  readonly onDetect: AttackAction;
  /** Globs over the names of arguments: one that fits covers all that is in the argument. */
  readonly fields: readonly string[];
}

export interface AttackSettings extends DetectSettings {
  readonly enabled: boolean;
}

/** Settings of a tool, by a glob over its name; the first that fits holds. */
export interface ToolAttackSettings extends AttackSettings {
  readonly tool: string;
}

export interface ServerAttackSettings extends AttackSettings {
  readonly tools: readonly ToolAttackSettings[];
}

/** The settings, and those of the servers that have their own. */
export interface AttacksConfig extends AttackSettings {
  /** Whether instructions to the model in results are put on record. */
  readonly results: "report" | "off";
  readonly servers: ReadonlyMap<string, ServerAttackSettings>;
}
