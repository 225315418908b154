import type { PostureReading } from "../../core/posture.ts";
import type { Tree } from "../tree.ts";
import { MOUNTINFO, mountOf, readMounts } from "./mounts.ts";

/** Whether nothing can be written to the root file system. */
export async function readOnlyRoot(tree: Tree): Promise<PostureReading> {
  const mounts = await readMounts(tree);
  const root = mounts === null ? null : mountOf(mounts, "/");
  if (root === null) return { state: "unknown", readFrom: `${MOUNTINFO}: not readable` };
  const isReadOnly = root.options.has("ro") || root.superOptions.has("ro");
  return { state: isReadOnly ? "true" : "false", readFrom: MOUNTINFO };
}
