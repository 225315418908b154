import { type Difference, differences } from "../../catalogue/diff.ts";
import type { InventoriedTool, Inventory } from "../../core/inventory.ts";
import type { OfferedTool } from "./ask-server.ts";

/**
 * - `new`: offered, and no hash of it in the inventory;
 * - `pinned`: offered as it was pinned;
 * - `drifted`: offered as something else, or so that it cannot be compared;
 * - `gone`: in the inventory, and not offered;
 * - `unknown`: in the inventory, and nobody asked the server.
 */
export type ToolState = "new" | "pinned" | "drifted" | "gone" | "unknown";

export interface ComparedTool {
  readonly server: string;
  readonly name: string;
  readonly state: ToolState;
  readonly entry: InventoriedTool | null;
  readonly offered: OfferedTool | null;
}

/** What a server offers beside what was pinned; by name. `offered` is null where nobody asked. */
export function compareTools(
  server: string,
  inventory: Inventory,
  offered: readonly OfferedTool[] | null,
): readonly ComparedTool[] {
  const entries = inventory.get(server) ?? new Map<string, InventoriedTool>();
  const live = new Map((offered ?? []).map((tool) => [tool.name, tool]));
  const names = new Set([...live.keys(), ...entries.keys()]);
  return [...names].sort().map((name) => {
    const entry = entries.get(name) ?? null;
    const tool = live.get(name) ?? null;
    const state = offered === null ? "unknown" : stateOf(entry, tool);
    return { server, name, state, entry, offered: tool };
  });
}

function stateOf(entry: InventoriedTool | null, offered: OfferedTool | null): ToolState {
  if (offered === null) return "gone";
  const hash = entry?.hash ?? null;
  if (hash === null) return "new";
  return hash === offered.hash ? "pinned" : "drifted";
}

/** Where a drifted tool differs; null where one of the two texts is not at hand. */
export function driftOf({ entry, offered }: ComparedTool): readonly Difference[] | null {
  const before = entry?.definition ?? null;
  const after = offered?.text ?? null;
  return before === null || after === null ? null : [...differences(before, after)];
}
