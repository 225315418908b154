import { expect, test } from "vitest";
import type { AliasScope } from "../../../../src/core/alias.ts";
import { createMemoryStore } from "../../../../src/guard/paths/memory-store.ts";
import { createSealedStore } from "../../../../src/guard/paths/sealed-store.ts";
import { KEY } from "./views.ts";

const scope: AliasScope = { id: "a", key: KEY };
const other: AliasScope = { id: "b", key: new Uint8Array(32) };

test.each([
  { title: "memory", create: () => createMemoryStore(), restarted: { kind: "forgotten" } },
  { title: "sealed", create: createSealedStore, restarted: { kind: "known", text: "p/etc/ä b" } },
])("the store $title keeps the port's promises", ({ create, restarted }) => {
  const store = create();
  const code = store.codeOf("p/etc/ä b", scope);
  expect(code).toMatch(/^[0-9a-hjkmnp-tv-z]+$/);
  expect(create().codeOf("p/etc/ä b", scope)).toBe(code);
  expect(store.codeOf("p/etc/ä b", other)).not.toBe(code);
  expect(store.codeOf("u/etc/ä b", scope)).not.toBe(code);
  expect(store.open(code, scope)).toEqual({ kind: "known", text: "p/etc/ä b" });
  expect(store.open(code, other)).toEqual({ kind: "foreign" });
  expect(create().open(code, scope)).toEqual(restarted);
  for (const broken of [
    "",
    "0",
    code.slice(1),
    `${code}0`,
    code.replace(/.$/, "!"),
    "z".repeat(64),
  ]) {
    expect(store.open(broken, scope)).toEqual({ kind: "foreign" });
  }
});

test("no single changed letter of a sealed code opens it", () => {
  const store = createSealedStore();
  const code = store.codeOf("p/home/bob", scope);
  for (let at = 0; at < code.length; at += 1) {
    const digit = code[at] === "7" ? "8" : "7";
    const changed = code.slice(0, at) + digit + code.slice(at + 1);
    expect(store.open(changed, scope)).toEqual({ kind: "foreign" });
  }
});

test("the memory store is bounded and keeps what is used", () => {
  const store = createMemoryStore({ maxEntries: 100, maxLength: 10_000 });
  const used = store.codeOf("p/used", scope);
  const idle = store.codeOf("p/idle", scope);
  for (let index = 0; index < 1000; index += 1) {
    store.codeOf(`p/${index}`, scope);
    expect(store.open(used, scope)).toEqual({ kind: "known", text: "p/used" });
  }
  expect(store.open(idle, scope)).toEqual({ kind: "forgotten" });
});
