import type { PostureReading, PostureState } from "../../core/posture.ts";
import type { Tree } from "../tree.ts";
import { MOUNTINFO, type Mount, mountOf, readMounts } from "./mounts.ts";

/** Devices stand on devices: deeper than this is no stack that anybody built. */
const DEPTH_MAX = 8;

/**
 * Whether what is written under each of `paths` reaches its disk through dm-crypt. Encryption below
 * the kernel (a drive's own, a cloud volume's) is not seen, and does not count.
 */
export async function diskEncryption(
  tree: Tree,
  paths: readonly string[],
): Promise<PostureReading> {
  const mounts = await readMounts(tree);
  if (mounts === null) return { state: "unknown", readFrom: `${MOUNTINFO}: not readable` };
  const all = await Promise.all(paths.map((path) => readPath(tree, mounts, path)));
  // The worst of them tells: one path in the clear is one too many.
  const worst =
    all.find(({ state }) => state === "false") ?? all.find(({ state }) => state === "unknown");
  const [first] = all;
  return worst ?? first ?? { state: "unknown", readFrom: "no path was named" };
}

async function readPath(
  tree: Tree,
  mounts: readonly Mount[],
  path: string,
): Promise<PostureReading> {
  const place = await tree.resolved(path);
  const mount = place === null ? null : mountOf(mounts, place);
  if (mount === null) return { state: "unknown", readFrom: `${MOUNTINFO}: ${path} not found` };
  const device = await deviceOf(tree, mount);
  if (device === null) {
    return { state: "unknown", readFrom: `${MOUNTINFO}: ${path} is ${mount.type}` };
  }
  return { state: await stateOf(tree, device, 0), readFrom: device };
}

/** A folder of /sys about the block device below a mount; null where there is none to be seen. */
async function deviceOf(tree: Tree, { device, source }: Mount): Promise<string | null> {
  if (!device.startsWith("0:")) return `/sys/dev/block/${device}`;
  // btrfs has a device number of its own, and names one of its block devices.
  const name = /^\/dev\/(?:mapper\/)?([\w.+-]+)$/.exec(source)?.[1];
  if (name === undefined) return null;
  const direct = `/sys/class/block/${name}`;
  if ((await tree.names(direct)) !== null) return direct;
  for (const candidate of (await tree.names("/sys/class/block")) ?? []) {
    const folder = `/sys/class/block/${candidate}`;
    if ((await tree.text(`${folder}/dm/name`))?.trim() === name) return folder;
  }
  return null;
}

async function stateOf(tree: Tree, folder: string, depth: number): Promise<PostureState> {
  const uuid = await tree.text(`${folder}/dm/uuid`);
  if (uuid?.startsWith("CRYPT-") === true) return "true";
  if ((await tree.names(folder)) === null || depth >= DEPTH_MAX) return "unknown";
  const below = (await tree.names(`${folder}/slaves`)) ?? [];
  if (below.length === 0) return "false";
  const states = await Promise.all(
    below.map((name) => stateOf(tree, `/sys/class/block/${name}`, depth + 1)),
  );
  // Of a volume on several disks all have to be encrypted.
  if (states.includes("false")) return "false";
  return states.includes("unknown") ? "unknown" : "true";
}
