import { guessTool } from "../../catalogue/guess.ts";
import { type Pin, writePins } from "../../config/inventory-writer.ts";
import { err, ok, type Result } from "../../core/result.ts";
import { hashDefinition, readInventory } from "../load-inventory.ts";
import type { ComparedTool } from "./compare.ts";

/** What pinning does to each tool; `refused`: it drifted, and nobody accepted that. */
export interface PinPlan {
  readonly pinned: readonly ComparedTool[];
  readonly accepted: readonly ComparedTool[];
  readonly refused: readonly ComparedTool[];
  /** Their definitions are too long, or there twice. */
  readonly unpinnable: readonly ComparedTool[];
  readonly unchanged: readonly ComparedTool[];
}

/** Drift is taken over only if `accept` says so. */
export function planPins(tools: readonly ComparedTool[], accept: boolean): PinPlan {
  const offered = tools.filter(({ state }) => state !== "gone" && state !== "unknown");
  const isPinnable = ({ offered: tool }: ComparedTool) => (tool?.hash ?? null) !== null;
  const pinnable = offered.filter(isPinnable);
  const drifted = pinnable.filter(({ state }) => state === "drifted");
  return {
    pinned: pinnable.filter(({ state }) => state === "new"),
    accepted: accept ? drifted : [],
    refused: accept ? [] : drifted,
    unpinnable: offered.filter((tool) => !isPinnable(tool)),
    unchanged: pinnable.filter(({ state }) => state === "pinned"),
  };
}

/**
 * The inventory's text with a plan carried out. It is read back before anybody may write it: a file
 * that would not say what was planned is an error.
 */
export function carryOut(
  text: string | null,
  { pinned, accepted }: PinPlan,
  file: string,
): Result<string, readonly string[]> {
  const pins = [...pinned, ...accepted].flatMap(pinOf);
  const written = writePins(text, pins, hashDefinition);
  const inventory = readInventory(written, file);
  if (!inventory.ok) return inventory;
  const isLost = ({ server, tool, hash }: Pin) =>
    inventory.value.get(server)?.get(tool)?.hash !== hash;
  const lost = pins.filter(isLost);
  if (lost.length > 0) return err([`${file}: ${lost.length} tools could not be written`]);
  return ok(written);
}

function pinOf({ server, name, offered }: ComparedTool): readonly Pin[] {
  const hash = offered?.hash ?? null;
  const definition = offered?.text ?? null;
  if (hash === null || definition === null) return [];
  return [{ server, tool: name, hash, definition, guess: guessTool(definition) }];
}
