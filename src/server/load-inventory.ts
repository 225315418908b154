import { readFile } from "node:fs/promises";
import { hashedDefinition } from "../catalogue/definition.ts";
import type { Config } from "../config/config.ts";
import { formatConfigError } from "../config/config-error.ts";
import { decodeInventory, type HashedDefinition } from "../config/inventory-file.ts";
import type { Inventory } from "../core/inventory.ts";
import { DEFAULT_LIMITS } from "../core/limits.ts";
import { err, ok, type Result } from "../core/result.ts";
import { parseJson } from "../mcp/json/parse.ts";

/** The inventory of a configuration, null where it names none, or all that is wrong with it. */
export async function loadInventory({
  inventory,
}: Pick<Config, "inventory">): Promise<Result<Inventory | null, readonly string[]>> {
  const { file } = inventory;
  if (file === null) return ok(null);
  const text = await readFile(file, "utf8").catch(() => null);
  if (text === null) {
    return err([`${file}: the inventory cannot be read; make it with: impedance tools pin`]);
  }
  return readInventory(text, file);
}

export function readInventory(text: string, file: string): Result<Inventory, readonly string[]> {
  const inventory = decodeInventory(text, file, hashDefinition);
  return inventory.ok ? inventory : err(inventory.error.map(formatConfigError));
}

/** Hashed as the data path hashes it: through the same reader. */
export function hashDefinition(definition: unknown): HashedDefinition | null {
  const text = typeof definition === "string" ? definition : JSON.stringify(definition);
  const document = parseJson(Buffer.from(text), DEFAULT_LIMITS);
  if (!document.ok || document.value.root.kind !== "object") return null;
  return hashedDefinition(document.value.root);
}
