import type {
  AttackAction,
  AttackSettings,
  AttacksConfig,
  DetectSettings,
} from "../../core/attacks.ts";
import type { Place } from "../../core/finding.ts";
import { compileGlob, type Glob } from "../../core/glob.ts";
import type { Location } from "../../core/json.ts";

/** What becomes of an attack in one place; null where nobody looks. */
export type Coverage = (keys: readonly string[]) => AttackAction | null;

/** A longer name is no tool's (MCP allows 128), and no glob is tried on it. */
const NAME_MAX_LENGTH = 256;

/**
 * Which arguments are looked at, as the configuration and a portable policy say: where both do, the
 * stricter word counts.
 */
export function createCoverage(
  config: AttacksConfig,
  detect: DetectSettings | null,
): (place: Place) => Coverage | null {
  const shared = areaOf(config);
  const policy = detect === null ? null : areaOf({ ...detect, enabled: true });
  const servers = new Map(
    [...config.servers].map(([id, { tools, ...settings }]) => [
      id,
      {
        area: areaOf(settings),
        tools: tools.map(({ tool, ...own }) => ({ glob: compileGlob(tool), area: areaOf(own) })),
      },
    ]),
  );

  function configured({ server, tool }: Place): Area | null {
    const own = servers.get(server);
    if (own === undefined) return shared;
    if (tool === null || tool.length > NAME_MAX_LENGTH) return own.area;
    const fitting = own.tools.find(({ glob }) => glob.fits(tool));
    return fitting === undefined ? own.area : fitting.area;
  }

  return (place) => {
    const areas = [configured(place), policy].filter((area) => area !== null);
    return areas.length === 0 ? null : (keys) => strictest(areas, keys);
  };
}

interface Area {
  readonly action: AttackAction;
  /** Null: every argument. */
  readonly globs: readonly Glob[] | null;
}

function areaOf({ enabled, onDetect, fields }: AttackSettings): Area | null {
  if (!enabled) return null;
  const globs = fields.includes("*") ? null : fields.map(compileGlob);
  return { action: onDetect, globs };
}

function strictest(areas: readonly Area[], keys: readonly string[]): AttackAction | null {
  const near = areas.filter(({ globs }) => globs === null || isCovered(globs, keys));
  if (near.length === 0) return null;
  return near.some(({ action }) => action === "deny") ? "deny" : "report";
}

function isCovered(globs: readonly Glob[], keys: readonly string[]): boolean {
  return keys.some((key) => key.length <= NAME_MAX_LENGTH && globs.some((glob) => glob.fits(key)));
}

/** What of a request a caller fills in. */
const ARGUMENTS: ReadonlySet<string> = new Set(["arguments", "uri", "argument"]);
const LONGEST_PATH = 64;

/**
 * The object keys from an argument down to a leaf, the argument's name first; null where the leaf
 * stands in no argument. A batch puts an index in front.
 */
export function keysInArgument(location: Location | null): readonly string[] | null {
  const path: (string | number)[] = [];
  for (let at = location; at !== null; at = at.parent) {
    path.push(at.key);
    if (path.length > LONGEST_PATH) break;
  }
  path.reverse();
  const start = typeof path[0] === "number" ? 1 : 0;
  const part = path[start + 1];
  if (path[start] !== "params" || typeof part !== "string" || !ARGUMENTS.has(part)) return null;
  const keys = path.slice(part === "arguments" ? start + 2 : start + 1);
  return keys.filter((key) => typeof key === "string");
}
