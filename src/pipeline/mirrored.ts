import type { MirroredBy } from "../mcp/message/header-mirror.ts";
import type { Dependencies } from "./dependencies.ts";
import type { Scene } from "./scene.ts";
import { isHiddenTool } from "./unknown-name.ts";

/** Which arguments of a tool stand in headers too, as far as its caller may know the tool. */
export function mirroredFor(
  server: string,
  scene: () => Scene,
  dependencies: Dependencies,
): MirroredBy {
  const { catalogue, schemas } = dependencies;
  return (name) => {
    const tool = catalogue.tool(server, name);
    const mirrored = tool === null ? [] : schemas.mirrored(tool);
    if (mirrored.length === 0) return mirrored;
    // Headers that are wrong for a tool would say that there is one.
    return isHiddenTool(name, "2026-07-28", scene(), dependencies) ? [] : mirrored;
  };
}
