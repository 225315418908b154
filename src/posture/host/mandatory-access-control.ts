import type { PostureReading } from "../../core/posture.ts";
import type { Tree } from "../tree.ts";

const SELINUX = "/sys/fs/selinux/enforce";
const CONTEXT = "/proc/self/attr/current";
const APPARMOR = "/proc/self/attr/apparmor/current";
const MODULES = "/sys/kernel/security/lsm";
/** Domains that SELinux lets do anything. */
const UNCONFINED = new Set(["unconfined_t", "spc_t", "kernel_t", "initrc_t", "init_t"]);

/** Whether SELinux or AppArmor enforces a policy on this very process. */
export async function mandatoryAccessControl(tree: Tree): Promise<PostureReading> {
  const enforce = (await tree.text(SELINUX))?.trim();
  if (enforce === "1") return confinedBySelinux(tree);
  const own = await ownProfile(tree);
  if (own !== null) return own;
  if (enforce === "0") return { state: "false", readFrom: SELINUX };
  return withoutProfile(tree);
}

async function confinedBySelinux(tree: Tree): Promise<PostureReading> {
  const type = (await tree.text(CONTEXT))?.split(":")[2];
  if (type === undefined) return { state: "unknown", readFrom: `${CONTEXT}: not readable` };
  return { state: UNCONFINED.has(type) ? "false" : "true", readFrom: CONTEXT };
}

/** Null where AppArmor has no word on this process. */
async function ownProfile(tree: Tree): Promise<PostureReading | null> {
  for (const readFrom of [APPARMOR, CONTEXT]) {
    const text = (await tree.text(readFrom))?.replaceAll("\0", "").trim() ?? "";
    if (/ \((?:enforce|kill)\)$/.test(text)) return { state: "true", readFrom };
    if (text === "unconfined" || / \((?:complain|prompt|unconfined)\)$/.test(text)) {
      return { state: "false", readFrom };
    }
  }
  return null;
}

async function withoutProfile(tree: Tree): Promise<PostureReading> {
  const active = (await tree.text(MODULES))?.trim().split(",");
  const hasNone = active !== undefined && !["selinux", "apparmor"].some((l) => active.includes(l));
  return hasNone
    ? { state: "false", readFrom: MODULES }
    : { state: "unknown", readFrom: `${CONTEXT}: says nothing` };
}
