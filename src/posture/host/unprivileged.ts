import type { PostureReading } from "../../core/posture.ts";
import type { Tree } from "../tree.ts";

const STATUS = "/proc/self/status";

/** Whether this process is not root, not even in its own namespace, and holds no capability. */
export async function unprivileged(tree: Tree): Promise<PostureReading> {
  const text = (await tree.text(STATUS)) ?? "";
  const uids = /^Uid:\s+(\d+)\s+(\d+)\s+(\d+)\s+(\d+)$/m.exec(text)?.slice(1);
  const capabilities = /^CapEff:\s+([0-9a-f]+)$/m.exec(text)?.[1];
  if (uids === undefined || capabilities === undefined) {
    return { state: "unknown", readFrom: `${STATUS}: not readable` };
  }
  const isRoot = uids.some((uid) => Number(uid) === 0);
  const isBare = /^0+$/.test(capabilities);
  return { state: !isRoot && isBare ? "true" : "false", readFrom: STATUS };
}
