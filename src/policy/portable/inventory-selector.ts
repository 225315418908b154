import { isSeq } from "yaml";
import {
  CLASSIFICATIONS,
  RISKS,
  SIDE_EFFECT_NAMES,
  type SideEffect,
  type ToolFacts,
} from "../../core/inventory.ts";
import type { Failure } from "./constraint.ts";
import type { InventorySelector } from "./policy.ts";
import type { Place, Reader } from "./reader.ts";

export const INVENTORY_KEYS = ["risk", "classification", "side_effects"] as const;

/** Null for a rule that asks nothing of the inventory. */
export function readInventorySelector(
  found: ReadonlyMap<string, Place>,
  reader: Reader,
): InventorySelector | null {
  const asked = INVENTORY_KEYS.map((key) => found.get(key)).filter((at) => at !== undefined);
  const [first] = asked;
  if (first === undefined) return null;
  if (!found.has("tool")) {
    reader.mistake(first, 'the inventory is about tools: name the tool, such as "*"');
  }
  return {
    risk: readChoices(found.get("risk"), RISKS, reader),
    classification: readChoices(found.get("classification"), CLASSIFICATIONS, reader),
    sideEffects: readChoices(found.get("side_effects"), SIDE_EFFECT_NAMES, reader),
  };
}

function readChoices<Choice extends string>(
  place: Place | undefined,
  choices: readonly Choice[],
  reader: Reader,
): readonly Choice[] | null {
  if (place === undefined) return null;
  const items = reader.sequence(place);
  if (isSeq(place.node) && items.length === 0) {
    reader.mistake(place, "this should name at least one");
  }
  return items.map((item) => reader.choice(item, choices)).filter((choice) => choice !== null);
}

const AT = "/params/name";

/**
 * Why a tool is not what a rule asks for. A deny rule is about tools with one of the side effects,
 * an allow rule about tools without any other. What the inventory does not say is not judged: then
 * no allow rule fits, and a deny rule is taken to.
 */
export function judgeInventory(
  { risk, classification, sideEffects }: InventorySelector,
  effect: "allow" | "deny",
  facts: ToolFacts,
): readonly Failure[] {
  const failures: Failure[] = [];
  const check = (name: string, isFit: boolean | null): void => {
    if (isFit !== true) failures.push({ at: AT, check: isFit === null ? "unjudged" : name });
  };
  if (risk !== null) check("risk", facts.risk === null ? null : risk.includes(facts.risk));
  if (classification !== null) {
    const told = facts.classification;
    check("classification", told === null ? null : classification.includes(told));
  }
  if (sideEffects !== null) {
    const has = (one: SideEffect) => sideEffects.includes(one);
    const told = facts.side_effects;
    const isFit = told && (effect === "deny" ? told.some(has) : told.every(has));
    check("side_effects", isFit);
  }
  return failures;
}
