import type { PostureReading } from "../../core/posture.ts";
import type { Tree } from "../tree.ts";

const LOCKDOWN = "/sys/kernel/security/lockdown";

/** Whether even root may not change the running kernel (kernel_lockdown(7)). */
export async function kernelLockdown(tree: Tree): Promise<PostureReading> {
  const chosen = /\[(\w+)\]/.exec((await tree.text(LOCKDOWN)) ?? "")?.[1];
  if (chosen === undefined) return { state: "unknown", readFrom: `${LOCKDOWN}: not readable` };
  const isLocked = chosen === "integrity" || chosen === "confidentiality";
  return { state: isLocked ? "true" : "false", readFrom: LOCKDOWN };
}
