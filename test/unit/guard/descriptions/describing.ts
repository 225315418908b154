import { defaultConfig } from "../../../../src/config/load-config.ts";
import type { DescriptionsConfig } from "../../../../src/core/descriptions.ts";
import type { Hit, Place } from "../../../../src/core/finding.ts";
import { type Leaf, type Location, pointerOf } from "../../../../src/core/json.ts";
import type { Guard } from "../../../../src/core/ports.ts";
import { createDescriptionsGuard } from "../../../../src/guard/descriptions/descriptions.ts";
import { parseJson } from "../../../../src/mcp/json/parse.ts";
import { classifyLeaves } from "../../../../src/mcp/message/leaves.ts";

const LIST_PLACE: Place = {
  direction: "response",
  server: "files",
  kind: "result",
  method: "tools/list",
  tool: null,
  sessionId: null,
};

/** The guard as it is by default, or with other settings. */
export function descriptionsGuard(
  actions: Partial<DescriptionsConfig["actions"]> = {},
  rest: Partial<Omit<DescriptionsConfig, "actions">> = {},
): Guard {
  const config = defaultConfig({});
  if (!config.ok) throw new Error("the default configuration is wrong");
  const { descriptions } = config.value;
  return createDescriptionsGuard({
    ...descriptions,
    ...rest,
    actions: { ...descriptions.actions, ...actions },
  });
}

/** A text at a place of a tool's definition, its description unless said otherwise. */
export function describing(text: string, ...rest: readonly (string | number)[]): Leaf {
  const keys = ["result", "tools", 0, ...(rest.length === 0 ? ["description"] : rest)];
  let location: Location | null = null;
  for (const key of keys) location = { parent: location, key };
  const name = keys.findLast((key) => typeof key === "string") ?? null;
  return {
    node: { kind: "string", value: text, start: 0, end: text.length + 2 },
    nature: "text",
    text,
    name,
    location,
  };
}

export function hitsOf(guard: Guard, leaf: Leaf): readonly Hit[] {
  return guard.response?.(leaf, LIST_PLACE) ?? [];
}

export function cleaned(guard: Guard, leaf: Leaf): string {
  const parts: string[] = [];
  let from = 0;
  for (const { start, end, replacement } of hitsOf(guard, leaf)) {
    if (replacement === null) continue;
    parts.push(leaf.text.slice(from, start), replacement);
    from = end;
  }
  return parts.join("") + leaf.text.slice(from);
}

/** Taken out, or denied by the default policy where it stays. */
export function isStopped({ severity, replacement }: Hit): boolean {
  return replacement !== null || severity === "high" || severity === "critical";
}

/** What the guard says of each leaf of a message, by its pointer. */
export function hitsByPointer(
  guard: Guard,
  message: unknown,
  method: string | null = "tools/list",
): readonly (Hit & { readonly at: string })[] {
  const limits = { jsonMaxDepth: 64, jsonMaxNodes: 500_000, stringMaxLength: 1 << 24 };
  const document = parseJson(Buffer.from(JSON.stringify(message)), limits);
  if (!document.ok) throw new Error(document.error.code);
  return classifyLeaves(document.value).flatMap((leaf) =>
    (guard.response?.(leaf, { ...LIST_PLACE, method }) ?? []).map((hit) => ({
      at: pointerOf(leaf.location),
      ...hit,
    })),
  );
}
