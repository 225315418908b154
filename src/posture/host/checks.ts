import type { PostureReading } from "../../core/posture.ts";
import type { Tree } from "../tree.ts";
import { diskEncryption } from "./disk-encryption.ts";
import { kernelLockdown } from "./kernel-lockdown.ts";
import { mandatoryAccessControl } from "./mandatory-access-control.ts";
import { readOnlyRoot } from "./read-only-root.ts";
import { secureBoot } from "./secure-boot.ts";
import { unprivileged } from "./unprivileged.ts";

export interface HostSettings {
  /** What lies there has to be encrypted. */
  readonly diskPaths: readonly string[];
}

type HostCheck = (tree: Tree, settings: HostSettings) => Promise<PostureReading>;

/** Every check of this machine, by the name it is configured under. */
export const HOST_CHECKS: { readonly [name: string]: HostCheck } = {
  disk_encryption: (tree, { diskPaths }) => diskEncryption(tree, diskPaths),
  secure_boot: secureBoot,
  kernel_lockdown: kernelLockdown,
  mandatory_access_control: mandatoryAccessControl,
  read_only_root: readOnlyRoot,
  unprivileged,
};
