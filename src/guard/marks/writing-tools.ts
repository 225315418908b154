import { compileGlob } from "../../core/glob.ts";

/** Longer names are no tool's; such a one is taken for a tool that writes. */
const TOOL_MAX_LENGTH = 256;
const TOOLS_REMEMBERED_MAX = 1024;

/**
 * Whether a tool's name fits one of the globs, in lower case, as a whole or from the start of one
 * of its words: `write*` is `write_file`, `fs.write`, `github__writeFile` and not `rewrite`.
 */
export function createToolMatcher(sources: readonly string[]): (tool: string) => boolean {
  const globs = sources.map((source) => compileGlob(source.toLowerCase()));
  const remembered = new Map<string, boolean>();

  return (tool) => {
    if (tool.length > TOOL_MAX_LENGTH) return globs.length > 0;
    const known = remembered.get(tool);
    if (known !== undefined) return known;
    const fits = suffixes(tool).some((suffix) => globs.some((glob) => glob.fits(suffix)));
    if (remembered.size < TOOLS_REMEMBERED_MAX) remembered.set(tool, fits);
    return fits;
  };
}

/** The name, and what is left of it from each further word on. */
function suffixes(tool: string): readonly string[] {
  const starts = tool.matchAll(/^|(?<=[^A-Za-z0-9])[A-Za-z0-9]|(?<=[a-z0-9])[A-Z]/g);
  return Array.from(starts, ({ index }) => tool.slice(index).toLowerCase());
}
