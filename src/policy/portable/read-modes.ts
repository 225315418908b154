import { suggest } from "../../core/suggest.ts";
import { MODES, type Mode, type Modes, type PortablePolicy } from "./policy.ts";
import type { Place, Reader } from "./reader.ts";

/** The mode of one rule of the file; null where it says none. */
export function readMode(
  place: Place | undefined,
  effect: "allow" | "deny",
  reader: Reader,
): Mode | null {
  if (place === undefined) return null;
  const mode = reader.choice(place, MODES);
  if (mode === "shadow" && effect === "allow") reader.mistake(place, NO_SHADOW_OF_ALLOW);
  return mode;
}

const NO_SHADOW_OF_ALLOW =
  "an allow rule denies nothing that could be told instead: enforce it, or turn it off";

/** Default deny, by the name that it has among the bundle's rules. */
export const DEFAULT_DENY_RULE = "not_allowed";

/** The rule that nothing turns off: nothing is decided on half the facts. */
const ALWAYS_ENFORCED = "facts_missing";
const NAMES_MAX = 10_000;
/** As a package below `mcp.rules` is named. */
const BUNDLE_RULE = /^[a-z_][a-z0-9_]{0,127}$/i;
/** `deny/0`: a rule of this file, by its place. */
const FILE_RULE = "/";

export const MAX_ARG_BYTES_RULE = "validate/max_arg_bytes";

type Rules = Pick<PortablePolicy, "allowRules" | "denyRules" | "denyFlows" | "maxArgumentBytes">;
type WithModes = Pick<
  PortablePolicy,
  "allowRules" | "denyRules" | "denyFlows" | "modes" | "maxArgumentBytesMode"
>;

/**
 * Reads `modes`. What it says of rules of this file is put to them, and what it names there must be
 * there; the names of the bundle's rules nobody here can know.
 */
export function readModes(place: Place | undefined, rules: Rules, reader: Reader): WithModes {
  const { allowRules, denyRules, denyFlows } = rules;
  const unchanged = { allowRules, denyRules, denyFlows, modes: null, maxArgumentBytesMode: null };
  if (place === undefined) return unchanged;
  const found = reader.mapping(place, ["servers", "rules"]);
  const named = readNamed(found.get("rules"), reader);
  const ofFile = new Map([...named].filter(([name]) => name.includes(FILE_RULE)));
  const ofBundle = new Map([...named].filter(([name]) => !name.includes(FILE_RULE)));
  checkFileRules(ofFile, rules, reader);
  checkBundleRules(ofBundle, reader);

  const withMode = <Rule extends { readonly id: string; readonly mode: Mode | null }>(
    list: readonly Rule[],
  ): readonly Rule[] =>
    list.map((rule) => {
      const { mode } = ofFile.get(rule.id) ?? { mode: null };
      return mode === null ? rule : { ...rule, mode };
    });
  const modesOf = (entries: Named): Modes["rules"] =>
    new Map([...entries].flatMap(([name, { mode }]) => (mode === null ? [] : [[name, mode]])));
  return {
    allowRules: withMode(allowRules),
    denyRules: withMode(denyRules),
    denyFlows: withMode(denyFlows),
    maxArgumentBytesMode: ofFile.get(MAX_ARG_BYTES_RULE)?.mode ?? null,
    modes: {
      rules: modesOf(ofBundle),
      servers: modesOf(readNamed(found.get("servers"), reader)),
    },
  };
}

type Named = ReadonlyMap<string, { readonly mode: Mode | null; readonly place: Place }>;

function readNamed(place: Place | undefined, reader: Reader): Named {
  if (place === undefined) return new Map();
  const members = [...reader.namedMapping(place)];
  if (members.length > NAMES_MAX) reader.mistake(place, `there may be ${NAMES_MAX} of them`);
  return new Map(
    members
      .slice(0, NAMES_MAX)
      .map(([name, at]) => [name, { mode: reader.choice(at, MODES), place: at }]),
  );
}

function checkFileRules(ofFile: Named, rules: Rules, reader: Reader): void {
  const own = new Map<string, Mode | null>(
    [...rules.allowRules, ...rules.denyRules, ...rules.denyFlows].map(({ id, mode }) => [id, mode]),
  );
  if (rules.maxArgumentBytes !== null) own.set(MAX_ARG_BYTES_RULE, null);
  for (const [name, { mode, place }] of ofFile) {
    const said = own.get(name);
    if (said === undefined) {
      const near = suggest(name, [...own.keys()].slice(0, 100));
      const hint = near === null ? "" : `: did you mean ${near}?`;
      reader.mistake(place, `this file has no such rule${hint}`);
    } else if (said !== null) {
      reader.mistake(place, "the rule says its mode itself: say it once");
    } else if (mode === "shadow" && name.startsWith("allow/")) {
      reader.mistake(place, NO_SHADOW_OF_ALLOW);
    }
  }
}

function checkBundleRules(ofBundle: Named, reader: Reader): void {
  for (const [name, { mode, place }] of ofBundle) {
    if (!BUNDLE_RULE.test(name)) {
      reader.mistake(place, "this should name a rule: high_entropy, or deny/0 of this file");
    } else if (name === ALWAYS_ENFORCED && mode !== "enforce") {
      reader.mistake(place, `${name} is always enforced: nothing is decided on half the facts`);
    }
  }
}
