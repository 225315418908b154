import { describe, expect, test } from "vitest";
import { createCatalogue } from "../../../src/catalogue/memory.ts";
import type { ListingPage } from "../../../src/core/catalogue.ts";
import type { JsonObject } from "../../../src/core/json.ts";
import { nodeOf, pageOf } from "./examples.ts";

/** A page as the data path learns it: with the bytes it came in. */
function spelledPage(text: string): ListingPage {
  const list = nodeOf(text);
  const all = list.kind === "array" ? list.items : [];
  const items = all.filter((item): item is JsonObject => item.kind === "object");
  return { kind: "tool", cursor: null, nextCursor: null, items, bytes: Buffer.from(text) };
}

describe("a catalogue", () => {
  test("knows a tool by its canonical definition, however it is spelled", () => {
    const catalogue = createCatalogue();
    catalogue.learn("s", spelledPage('[ {"name":"a","x":1} ]'));
    const first = catalogue.tool("s", "a");
    expect(first?.text).toBe('{"name":"a","x":1}');
    for (const text of ['[ {"name":"a","x":1} ]', '[{"x":1.0, "name":"\\u0061"}]']) {
      catalogue.learn("s", spelledPage(text));
      expect(catalogue.tool("s", "a")).toEqual(first);
    }
    catalogue.learn("s", spelledPage('[ {"name":"a","x":2} ]'));
    expect(catalogue.tool("s", "a")?.text).toBe('{"name":"a","x":2}');
  });

  test("knows no definition of a name that a page has twice, until one has it once", () => {
    const catalogue = createCatalogue();
    catalogue.learn("s", spelledPage('[{"name":"a"},{"name":"b"},{"name":"a"},{"name":"a"}]'));
    expect(catalogue.tool("s", "a")).toBeNull();
    expect(catalogue.knows("s", "tool", "a")).toBe(true);
    expect(catalogue.tool("s", "b")?.name).toBe("b");
    catalogue.learn("s", spelledPage('[{"name":"a"}]'));
    expect(catalogue.tool("s", "a")?.text).toBe('{"name":"a"}');
  });

  test("knows as much as there is room for", () => {
    const catalogue = createCatalogue({ itemsMax: 1, definitionMaxLength: 20 });
    catalogue.learn("s", pageOf({ name: "a", x: "too long for that" }, { name: "b" }));
    expect(catalogue.knows("s", "tool", "a")).toBe(true);
    expect(catalogue.tool("s", "a")).toBeNull();
    expect(catalogue.knows("s", "tool", "b")).toBe(false);
    expect(catalogue.isComplete("s", "tool")).toBe(false);
  });
});
