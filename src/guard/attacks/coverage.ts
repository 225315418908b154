import type {
  AttackAction,
  AttackSettings,
  AttacksConfig,
  DetectSettings,
} from "../../core/attacks.ts";
import type { Place } from "../../core/finding.ts";
import { compileGlob, type Glob } from "../../core/glob.ts";
import type { Location } from "../../core/json.ts";

/** What becomes of an attack in an argument, by where it stands in it; null where nobody looks. */
export type Coverage = (location: Location) => AttackAction | null;

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

  const usual = coverageOf(shared, policy);

  return (place) => (servers.has(place.server) ? coverageOf(configured(place), policy) : usual);
}

function coverageOf(configured: Area | null, policy: Area | null): Coverage | null {
  const areas = [configured, policy].filter((area) => area !== null);
  if (areas.length === 0) return null;
  const everywhere = areas.filter(({ globs }) => globs === null);
  if (everywhere.length < areas.length) return (location) => strictest(areas, keysOf(location));
  const action = strictest(everywhere, []);
  return () => action;
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
const ARGUMENTS: ReadonlySet<string | number> = new Set(["arguments", "uri", "argument"]);
const LONGEST_PATH = 64;

/** Whether a leaf stands in an argument. A batch puts an index in front. */
export function isInArgument(location: Location | null): boolean {
  let first: Location | null = null;
  let second: Location | null = null;
  let third: Location | null = null;
  let depth = 0;
  for (let at = location; at !== null && depth <= LONGEST_PATH; at = at.parent) {
    third = second;
    second = first;
    first = at;
    depth++;
  }
  const isBatch = typeof first?.key === "number";
  const top = isBatch ? second : first;
  const part = isBatch ? third : second;
  return top?.key === "params" && part !== null && ARGUMENTS.has(part.key);
}

/** The object keys from an argument down to a leaf, the argument's name first. */
function keysOf(location: Location): readonly string[] {
  const path: (string | number)[] = [];
  for (let at: Location | null = location; at !== null; at = at.parent) {
    path.push(at.key);
    if (path.length > LONGEST_PATH) break;
  }
  path.reverse();
  const start = typeof path[0] === "number" ? 1 : 0;
  const keys = path.slice(path[start + 1] === "arguments" ? start + 2 : start + 1);
  return keys.filter((key) => typeof key === "string");
}
