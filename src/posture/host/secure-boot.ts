import type { PostureReading } from "../../core/posture.ts";
import type { Tree } from "../tree.ts";

/** EFI_GLOBAL_VARIABLE (UEFI 2.10 section 3.3) */
const GLOBAL = "8be4df61-93ca-11d2-aa0d-00e098032b8c";
const EFIVARS = "/sys/firmware/efi/efivars";
const SECURE_BOOT = `${EFIVARS}/SecureBoot-${GLOBAL}`;
const SETUP_MODE = `${EFIVARS}/SetupMode-${GLOBAL}`;
/** efivarfs puts four bytes of attributes before the value. */
const VALUE_AT = 4;

/** Whether the firmware verified what it started; in setup mode anybody may change its keys. */
export async function secureBoot(tree: Tree): Promise<PostureReading> {
  const secure = await flag(tree, SECURE_BOOT);
  if (secure === null) return withoutVariable(tree);
  if (!secure) return { state: "false", readFrom: SECURE_BOOT };
  const isSetup = await flag(tree, SETUP_MODE);
  return isSetup === true
    ? { state: "false", readFrom: SETUP_MODE }
    : { state: "true", readFrom: SECURE_BOOT };
}

async function flag(tree: Tree, path: string): Promise<boolean | null> {
  const bytes = await tree.bytes(path);
  if (bytes === null || bytes.length !== VALUE_AT + 1) return null;
  return bytes[VALUE_AT] === 1;
}

/** A machine with ACPI and without EFI was started by a BIOS; containers see no firmware at all. */
async function withoutVariable(tree: Tree): Promise<PostureReading> {
  const firmware = (await tree.names("/sys/firmware")) ?? [];
  const isBios = firmware.includes("acpi") && !firmware.includes("efi");
  return isBios
    ? { state: "false", readFrom: "/sys/firmware: without efi" }
    : { state: "unknown", readFrom: `${SECURE_BOOT}: not readable` };
}
