import { expect, test } from "vitest";
import { defaultConfig } from "../../../src/config/load-config.ts";
import type { Clock, Guard } from "../../../src/core/ports.ts";
import { createInspector } from "../../../src/guard/inspect.ts";
import { MEMBER_NAMES } from "../../../src/guard/vocabulary.ts";
import { loadGuards } from "../../../src/server/load-guards.ts";
import { hitsOf, leafOf, REQUEST_PLACE, RESULT_PLACE } from "./leaves.ts";

const STILL: Clock = { now: () => 0, monotonic: () => 0 };

test.each([
  {
    title: "a member's name",
    text: "arguments",
    as: { nature: "key", name: "arguments" },
    seen: false,
  },
  { title: "the version of JSON-RPC", text: "2.0", as: { name: "jsonrpc" }, seen: false },
  { title: "a name in other letters", text: "Arguments", as: { nature: "key" }, seen: true },
  { title: "a name and more", text: "arguments ", as: { nature: "key" }, seen: true },
  { title: "a name as a value", text: "arguments", as: { name: "text" }, seen: true },
  { title: "a value below such a name", text: "x", as: { name: "arguments" }, seen: true },
  { title: "2.0 elsewhere", text: "2.0", as: { name: "version" }, seen: true },
  { title: "2.0 as a name", text: "2.0", as: { nature: "key", name: "jsonrpc" }, seen: true },
] as const)("guards see $title: $seen", ({ text, as, seen }) => {
  const texts: string[] = [];
  const guard: Guard = {
    name: "g",
    request: (leaf) => {
      texts.push(leaf.text);
      return [];
    },
  };
  const inspector = createInspector([guard], { clock: STILL, budgetMs: 1 });
  inspector.inspect([leafOf(text, as)], REQUEST_PLACE);
  expect(texts).toEqual(seen ? [text] : []);
});

test("no guard would have found anything in a word of the protocol", async () => {
  const config = defaultConfig({});
  if (!config.ok) throw new Error(config.error.join());
  const parts = { redact: null, detect: null, only: null, onFault() {} };
  const guards = await loadGuards(config.value, parts);
  if (!guards.ok) throw new Error(guards.error.join());
  const leaves = [...MEMBER_NAMES].map((name) => leafOf(name, { nature: "key", name, key: name }));
  for (const guard of guards.value) {
    const asked = leaves.flatMap((leaf) => guard.request?.(leaf, REQUEST_PLACE) ?? []);
    const answered = leaves.flatMap((leaf) => hitsOf(guard, leaf));
    const listed = leaves.flatMap(
      (leaf) => guard.response?.(leaf, { ...RESULT_PLACE, method: "tools/list", tool: null }) ?? [],
    );
    expect([guard.name, asked, answered, listed]).toEqual([guard.name, [], [], []]);
  }
});
