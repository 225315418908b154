import { symlink } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { HOST_CHECKS } from "../../../src/posture/host/checks.ts";
import { createTree } from "../../../src/posture/tree.ts";
import {
  efiFlag,
  GOOD_HOST,
  type HostFiles,
  makeHostTree,
  mountLine,
  statusOf,
} from "../../support/host-tree.ts";

const MOUNTS = "/proc/self/mountinfo";
const CONTEXT = "/proc/self/attr/current";
const LOCKDOWN = "/sys/kernel/security/lockdown";
const ENFORCE = "/sys/fs/selinux/enforce";
const LSM = "/sys/kernel/security/lsm";

async function check(name: string, files: HostFiles, diskPaths: readonly string[] = ["/"]) {
  await using host = await makeHostTree(files);
  return await HOST_CHECKS[name]?.(createTree(host.root), { diskPaths });
}

describe("a check of a host", () => {
  test.each(Object.keys(HOST_CHECKS))("%s holds on a host as it should be", async (name) => {
    expect(await check(name, GOOD_HOST)).toMatchObject({ state: "true" });
  });

  test.each(Object.keys(HOST_CHECKS))("%s is unknown where nothing can be read", async (name) => {
    expect(await check(name, {})).toEqual({ state: "unknown", readFrom: expect.any(String) });
  });

  test.each(Object.keys(HOST_CHECKS))("%s says something of the real host", async (name) => {
    const found = await HOST_CHECKS[name]?.(createTree("/"), { diskPaths: ["/"] });
    expect(found?.readFrom).toMatch(/^\/(?:proc|sys)\//);
    expect(["true", "false", "unknown"]).toContain(found?.state);
  });

  test.runIf(process.getuid?.() === 0)("tells that this test is run by root", async () => {
    const found = await HOST_CHECKS.unprivileged?.(createTree("/"), { diskPaths: [] });
    expect(found).toEqual({ state: "false", readFrom: "/proc/self/status" });
  });
});

interface Case {
  readonly check: string;
  readonly title: string;
  readonly files: HostFiles;
  readonly state: "true" | "false" | "unknown";
}

function dm(device: string, uuid: string): HostFiles {
  return { [`/sys/dev/block/${device}/dm/uuid`]: `${uuid}\n` };
}

const ON_LVM: HostFiles = {
  [MOUNTS]: mountLine("253:1", "/"),
  ...dm("253:1", "LVM-abc"),
  "/sys/dev/block/253:1/slaves/dm-0": "",
};

const ON_BTRFS: HostFiles = {
  [MOUNTS]: mountLine("0:33", "/", { type: "btrfs", source: "/dev/mapper/cryptroot" }),
};

const CASES: readonly Case[] = [
  { check: "secure_boot", title: "is off", files: efiFlag("SecureBoot", 0), state: "false" },
  {
    check: "secure_boot",
    title: "is on, with keys that anybody may set",
    files: { ...efiFlag("SecureBoot", 1), ...efiFlag("SetupMode", 1) },
    state: "false",
  },
  {
    check: "secure_boot",
    title: "is a variable of another size",
    files: {
      "/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c": "long enough",
    },
    state: "unknown",
  },
  {
    check: "secure_boot",
    title: "cannot be: a BIOS started the machine",
    files: { "/sys/firmware/acpi/tables/DSDT": "" },
    state: "false",
  },
  {
    check: "kernel_lockdown",
    title: "is off",
    files: { [LOCKDOWN]: "[none] integrity confidentiality\n" },
    state: "false",
  },
  {
    check: "kernel_lockdown",
    title: "keeps secrets of the kernel too",
    files: { [LOCKDOWN]: "none integrity [confidentiality]\n" },
    state: "true",
  },
  {
    check: "kernel_lockdown",
    title: "says what nobody knows",
    files: { [LOCKDOWN]: "[x] y" },
    state: "false",
  },
  {
    check: "mandatory_access_control",
    title: "is AppArmor that only complains",
    files: { [CONTEXT]: "impedance (complain)\n" },
    state: "false",
  },
  {
    check: "mandatory_access_control",
    title: "is AppArmor without a profile for us",
    files: { [CONTEXT]: "unconfined\n" },
    state: "false",
  },
  {
    check: "mandatory_access_control",
    title: "is SELinux, and we are confined",
    files: { [ENFORCE]: "1", [CONTEXT]: "system_u:system_r:container_t:s0:c1,c2\0" },
    state: "true",
  },
  {
    check: "mandatory_access_control",
    title: "is SELinux, and we may do anything",
    files: { [ENFORCE]: "1", [CONTEXT]: "system_u:system_r:spc_t:s0\0" },
    state: "false",
  },
  {
    check: "mandatory_access_control",
    title: "is SELinux that only warns",
    files: { [ENFORCE]: "0", [CONTEXT]: "system_u:system_r:container_t:s0\0" },
    state: "false",
  },
  {
    check: "mandatory_access_control",
    title: "is neither of the two",
    files: { [LSM]: "lockdown,capability,yama" },
    state: "false",
  },
  {
    check: "mandatory_access_control",
    title: "is there, and says nothing of us",
    files: { [LSM]: "lockdown,capability,apparmor" },
    state: "unknown",
  },
  {
    check: "read_only_root",
    title: "is not",
    files: { [MOUNTS]: mountLine("8:1", "/") },
    state: "false",
  },
  {
    check: "read_only_root",
    title: "is, below a mount that says rw",
    files: { [MOUNTS]: mountLine("8:1", "/", { superOptions: "ro,errors=remount-ro" }) },
    state: "true",
  },
  {
    check: "read_only_root",
    title: "was, and something that can be written to was mounted over it",
    files: { [MOUNTS]: mountLine("8:1", "/", { options: "ro" }) + mountLine("8:2", "/") },
    state: "false",
  },
  {
    check: "read_only_root",
    title: "is, while another folder can be written to",
    files: { [MOUNTS]: mountLine("8:1", "/", { options: "ro" }) + mountLine("8:2", "/var") },
    state: "true",
  },
  {
    check: "read_only_root",
    title: "is in lines of no form",
    files: { [MOUNTS]: "a b\n- - -\n" },
    state: "unknown",
  },
  {
    check: "unprivileged",
    title: "is root without capabilities",
    files: statusOf(0, "0000000000000000"),
    state: "false",
  },
  {
    check: "unprivileged",
    title: "is nobody with one capability",
    files: statusOf(65532, "0000000000000400"),
    state: "false",
  },
  {
    check: "disk_encryption",
    title: "is a disk in the clear",
    files: { [MOUNTS]: mountLine("8:1", "/"), "/sys/dev/block/8:1/size": "1" },
    state: "false",
  },
  {
    check: "disk_encryption",
    title: "is a disk that is not to be seen",
    files: { [MOUNTS]: mountLine("8:1", "/") },
    state: "unknown",
  },
  {
    check: "disk_encryption",
    title: "is a container's overlay",
    files: { [MOUNTS]: mountLine("0:50", "/", { type: "overlay", source: "overlay" }) },
    state: "unknown",
  },
  {
    check: "disk_encryption",
    title: "is a volume on an encrypted disk",
    files: { ...ON_LVM, "/sys/class/block/dm-0/dm/uuid": "CRYPT-LUKS2-1" },
    state: "true",
  },
  {
    check: "disk_encryption",
    title: "is a volume on two disks of which one is in the clear",
    files: {
      ...ON_LVM,
      "/sys/class/block/dm-0/dm/uuid": "CRYPT-LUKS2-1",
      "/sys/dev/block/253:1/slaves/sdb": "",
      "/sys/class/block/sdb/size": "1",
    },
    state: "false",
  },
  {
    check: "disk_encryption",
    title: "is btrfs on an encrypted disk",
    files: {
      ...ON_BTRFS,
      "/sys/class/block/dm-3/dm/name": "cryptroot\n",
      "/sys/class/block/dm-3/dm/uuid": "CRYPT-LUKS2-2\n",
    },
    state: "true",
  },
  {
    check: "disk_encryption",
    title: "is btrfs on a disk with a name that is not to be found",
    files: { ...ON_BTRFS, "/sys/class/block/dm-3/dm/name": "other\n" },
    state: "unknown",
  },
];

test.each(CASES)("$check $title: $state", async ({ check: name, files, state }) => {
  expect(await check(name, files)).toEqual({ state, readFrom: expect.stringMatching(/^\//) });
});

test("a path is where its links lead, and one that is not there yet where it would be", async () => {
  await using host = await makeHostTree({
    "/proc/self/mountinfo": mountLine("253:0", "/") + mountLine("8:1", "/mnt/plain"),
    "/sys/dev/block/253:0/dm/uuid": "CRYPT-LUKS2-0123-root\n",
    "/sys/dev/block/8:1/size": "1\n",
    "/mnt/plain/logs/a": "",
    "/var/log/b": "",
  });
  await symlink("../mnt/plain/logs", join(host.root, "var/moved"));
  await symlink("../../../..", join(host.root, "var/out"));
  const stateOf = async (path: string) =>
    (await HOST_CHECKS.disk_encryption?.(createTree(host.root), { diskPaths: [path] }))?.state;
  expect(await stateOf("/var/log")).toBe("true");
  expect(await stateOf("/var/moved")).toBe("false");
  expect(await stateOf("/var/moved/not/yet")).toBe("false");
  expect(await stateOf("/var/not/yet")).toBe("true");
  expect(await stateOf("/var/out")).toBe("unknown");
});

test("the disk of each path counts, the worst of them first", async () => {
  const files = {
    [MOUNTS]: mountLine("253:0", "/") + mountLine("8:1", "/var/my\\040logs"),
    ...dm("253:0", "CRYPT-LUKS2-1"),
    "/sys/dev/block/8:1/size": "1",
  };
  const paths = ["/", "/var/my logs/a"];
  expect(await check("disk_encryption", files, paths)).toEqual({
    state: "false",
    readFrom: "/sys/dev/block/8:1",
  });
  expect(await check("disk_encryption", files, ["/", "/var/my logsuit"])).toMatchObject({
    state: "true",
  });
});

test("a file that is larger than any of its kind is not read to its end", async () => {
  const files = { [MOUNTS]: mountLine("8:1", "/").repeat(20_000) };
  expect(await check("read_only_root", files)).toMatchObject({ state: "unknown" });
});
