import type {
  Classification,
  InventoriedTool,
  Inventory,
  Risk,
  SideEffect,
} from "../core/inventory.ts";
import { err, ok, type Result } from "../core/result.ts";
import { type ConfigError, type Fault, formatPath } from "./config-error.ts";
import { decodeDocument } from "./document.ts";
import { validateShape } from "./schema.ts";

/** A definition in canonical JSON, and the hash of that. */
export interface HashedDefinition {
  readonly hash: string;
  readonly text: string;
}

/** Null for what cannot be a definition. A text is read as JSON. */
export type HashDefinition = (definition: unknown) => HashedDefinition | null;

/** Definitions are whole, and a server may have hundreds of them. */
const INVENTORY_MAX_BYTES = 16 * 1024 * 1024;

/** The document once `schemas/inventory.json` has found its shape right and filled in defaults. */
interface RawInventory {
  readonly servers: {
    readonly [id: string]: { readonly tools: { readonly [name: string]: RawTool } };
  };
}

interface RawTool {
  readonly hash?: string;
  readonly risk?: Risk;
  readonly owner?: string;
  readonly classification?: Classification;
  readonly side_effects?: readonly SideEffect[];
  readonly guessed: boolean;
  readonly note?: string;
  readonly definition?: unknown;
}

/**
 * Reads an inventory, or says everything that is wrong with it. A definition must be what its hash
 * says: who reviews the one has reviewed the other.
 */
export function decodeInventory(
  text: string,
  fileName: string,
  hashOf: HashDefinition,
): Result<Inventory, readonly ConfigError[]> {
  const document = decodeDocument(text, fileName, INVENTORY_MAX_BYTES);
  if (!document.ok) return document;
  const { value, originOf } = document.value;
  const locate = ({ path, target, problem, remedy }: Fault): ConfigError => {
    return { origin: originOf(path, target), path: formatPath(path), problem, remedy };
  };
  const shape = validateShape(value, "inventory");
  if (shape.length > 0) return err(shape.map(locate));

  const faults: Fault[] = [];
  const servers = Object.entries((value as RawInventory).servers).map(([id, { tools }]) => {
    const entries = Object.entries(tools).map(([name, raw]) => {
      const path = ["servers", id, "tools", name];
      return [name, toolOf(raw, path, hashOf, faults)] as const;
    });
    return [id, new Map(entries)] as const;
  });
  return faults.length === 0 ? ok(new Map(servers)) : err(faults.map(locate));
}

const REMEDY = "bring back the reviewed one, or remove hash and definition and pin the tool again";

function toolOf(
  raw: RawTool,
  path: readonly string[],
  hashOf: HashDefinition,
  faults: Fault[],
): InventoriedTool {
  const { hash = null, definition } = raw;
  const hashed = definition === undefined ? null : hashOf(definition);
  const at = [...path, "definition"];
  const fault = (problem: string, remedy: string): void => {
    faults.push({ path: at, target: "key", problem, remedy });
  };
  if (definition !== undefined && hashed === null) {
    fault("is no definition", REMEDY);
  } else if (hashed !== null && hashed.hash !== hash) {
    fault(hash === null ? "stands without its hash" : "is not what the hash is of", REMEDY);
  }
  return {
    hash,
    risk: raw.risk ?? null,
    owner: raw.owner ?? null,
    classification: raw.classification ?? null,
    sideEffects: raw.side_effects ?? null,
    note: raw.note ?? null,
    guessed: raw.guessed,
    definition: hashed?.text ?? null,
  };
}
