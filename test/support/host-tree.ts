import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

/** Files below a folder that stands for `/`, by their absolute path; bytes where they are no text. */
export type HostFiles = { readonly [path: string]: string | Uint8Array };

export interface HostTree extends AsyncDisposable {
  readonly root: string;
  write(files: HostFiles): Promise<void>;
}

/** A file system as a check of the host would find it. */
export async function makeHostTree(files: HostFiles): Promise<HostTree> {
  const root = await mkdtemp(join(tmpdir(), "impedance-host-"));
  const write = async (given: HostFiles): Promise<void> => {
    for (const [path, content] of Object.entries(given)) {
      await mkdir(dirname(join(root, path)), { recursive: true });
      await writeFile(join(root, path), content);
    }
  };
  await write(files);
  return { root, write, [Symbol.asyncDispose]: () => rm(root, { recursive: true, force: true }) };
}

const GLOBAL = "8be4df61-93ca-11d2-aa0d-00e098032b8c";

/** A variable of the firmware: four bytes of attributes, and its value. */
export function efiFlag(name: "SecureBoot" | "SetupMode", value: 0 | 1): HostFiles {
  const path = `/sys/firmware/efi/efivars/${name}-${GLOBAL}`;
  return { [path]: Uint8Array.of(6, 0, 0, 0, value) };
}

export function statusOf(uid: number, capabilities: string): HostFiles {
  const text = `Name:\tnode\nUid:\t${Array(4).fill(uid).join("\t")}\nCapEff:\t${capabilities}\n`;
  return { "/proc/self/status": text };
}

/** One line of /proc/self/mountinfo. */
export function mountLine(
  device: string,
  at: string,
  { options = "rw,relatime", type = "ext4", source = "/dev/sda1", superOptions = "rw" } = {},
): string {
  return `36 35 ${device} / ${at} ${options} shared:1 - ${type} ${source} ${superOptions}\n`;
}

export const GOOD_HOST: HostFiles = {
  ...efiFlag("SecureBoot", 1),
  ...efiFlag("SetupMode", 0),
  ...statusOf(65532, "0000000000000000"),
  "/sys/kernel/security/lockdown": "none [integrity] confidentiality\n",
  "/proc/self/attr/apparmor/current": "impedance (enforce)\n",
  "/proc/self/mountinfo": mountLine("253:0", "/", { options: "ro,relatime" }),
  "/sys/dev/block/253:0/dm/uuid": "CRYPT-LUKS2-0123-root\n",
};
