import type { Config } from "../config/config.ts";
import { compileGlob } from "../core/glob.ts";
import type { ToolLimits } from "../core/tool-limits.ts";

export const NO_LIMITS: ToolLimits = {
  argumentsMaxBytes: null,
  resultMaxBytes: null,
  timeoutMs: null,
};

/** Of each server's tools; each limit is that of the first entry that fits the tool and has one. */
export function toolLimitsOf({
  servers,
}: Pick<Config, "servers">): (server: string) => (tool: string) => ToolLimits {
  const byServer = new Map([...servers.values()].map(({ id, tools }) => [id, limitsOf(tools)]));
  const none = () => NO_LIMITS;
  return (server) => byServer.get(server) ?? none;
}

function limitsOf(tools: ReadonlyMap<string, ToolLimits>): (tool: string) => ToolLimits {
  const entries = [...tools].map(([glob, limits]) => ({ glob: compileGlob(glob), limits }));
  if (entries.length === 0) return () => NO_LIMITS;
  return (tool) => {
    const fitting = entries.filter(({ glob }) => glob.fits(tool)).map(({ limits }) => limits);
    const first = (limit: keyof ToolLimits) =>
      fitting.find((limits) => limits[limit] !== null)?.[limit] ?? null;
    return {
      argumentsMaxBytes: first("argumentsMaxBytes"),
      resultMaxBytes: first("resultMaxBytes"),
      timeoutMs: first("timeoutMs"),
    };
  };
}
