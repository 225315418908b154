import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Hit } from "../../../../src/core/finding.ts";
import { contain } from "../../../../src/guard/plugins/contain.ts";
import { loadPlugins } from "../../../../src/guard/plugins/load.ts";
import { leafOf, RESULT_PLACE } from "../leaves.ts";

const HIT: Hit = { kind: "thing", severity: "low", start: 1, end: 3, replacement: "x" };
const FAULT = [{ kind: "guard_fault", severity: "critical", start: 0, end: 6, replacement: null }];

/** What goes on of what a plugin returned of the text `a😀bcd`, and what was complained of. */
function contained(returned: () => unknown) {
  const faults: unknown[] = [];
  const guard = { name: "mine", response: returned as () => readonly Hit[] };
  const hits = contain(guard, (_, error) => faults.push(error)).response?.(
    leafOf("a😀bcd"),
    RESULT_PLACE,
  );
  return { hits, faults: faults.length };
}

describe("hits of a plugin", () => {
  test.each<{ title: string; returned: readonly Hit[] }>([
    { title: "none", returned: [] },
    { title: "one", returned: [HIT] },
    { title: "two that touch", returned: [HIT, { ...HIT, start: 3, end: 6, replacement: null }] },
  ])("go on: $title", ({ returned }) => {
    expect(contained(() => returned)).toEqual({ hits: returned, faults: 0 });
  });

  test("go on in the order of the text, and without what is no part of a hit", () => {
    const returned = [
      { ...HIT, start: 4, end: 5 },
      { ...HIT, secret: 1 },
    ];
    expect(contained(() => returned).hits).toEqual([HIT, { ...HIT, start: 4, end: 5 }]);
  });

  test.each<{ title: string; returned: unknown }>([
    { title: "no array", returned: undefined },
    { title: "a promise", returned: Promise.resolve([]) },
    { title: "a hit that is none", returned: [null] },
    { title: "a kind that is no name", returned: [{ ...HIT, kind: "A b" }] },
    { title: "the kind of a fault", returned: [{ ...HIT, kind: "guard_fault" }] },
    { title: "an unknown severity", returned: [{ ...HIT, severity: "toString" }] },
    { title: "an end before the start", returned: [{ ...HIT, end: 1 }] },
    { title: "an end behind the text", returned: [{ ...HIT, end: 7 }] },
    { title: "a start before it", returned: [{ ...HIT, start: -1 }] },
    { title: "half an offset", returned: [{ ...HIT, start: 1.5 }] },
    { title: "half a character", returned: [{ ...HIT, start: 2 }] },
    { title: "an overlap", returned: [HIT, { ...HIT, start: 1, end: 4 }] },
    { title: "a replacement that is no text", returned: [{ ...HIT, replacement: undefined }] },
    { title: "half a character to put in", returned: [{ ...HIT, replacement: "\ud800" }] },
    { title: "an endless replacement", returned: [{ ...HIT, replacement: "x".repeat(1025) }] },
  ])("are a fault: $title", ({ returned }) => {
    expect(contained(() => returned)).toEqual({ hits: FAULT, faults: 1 });
  });

  test("are a fault when there is an exception instead", () => {
    const throwing = () => {
      throw new RangeError("bug");
    };
    expect(contained(throwing)).toEqual({ hits: FAULT, faults: 1 });
  });

  test("are asked for only in the directions the plugin has", () => {
    expect(contain({ name: "mine", response: () => [] }, () => undefined).request).toBeUndefined();
  });
});

describe("loadPlugins", () => {
  let folder = "";
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "impedance-plugin-"));
  });
  afterAll(() => rm(folder, { recursive: true }));

  async function load(source: string, options: unknown = null) {
    const module = join(folder, `${Math.random()}.mjs`);
    await writeFile(module, source);
    const loaded = await loadPlugins([{ module, options }], ["secrets"], () => undefined);
    return loaded.ok
      ? loaded.value.map(({ name }) => name)
      : loaded.error.map((error) => error.slice(module.length + 2));
  }
  const exporting = (guard: string) => `export const createGuard = (options) => (${guard});`;

  test.each([
    { guard: '{ name: "mine", request: () => [] }', loaded: ["mine"] },
    { guard: 'Promise.resolve({ name: "mine", response: () => [] })', loaded: ["mine"] },
    {
      guard: '{ name: "secrets", request: () => [] }',
      loaded: ["there is a guard named secrets already"],
    },
    {
      guard: '{ name: "mine" }',
      loaded: [expect.stringMatching(/^createGuard returned no guard/)],
    },
    { guard: '{ name: "A", request: () => [] }', loaded: [expect.stringMatching(/no guard/)] },
    { guard: '{ name: "a", request: 7 }', loaded: [expect.stringMatching(/no guard/)] },
    { guard: "options.prefix.length", loaded: [expect.stringMatching(/refused its options/)] },
  ])("of $guard is $loaded", async ({ guard, loaded }) => {
    expect(await load(exporting(guard))).toEqual(loaded);
  });

  test.each([
    { source: "export {}", error: "exports no function createGuard" },
    { source: "export {", error: "cannot be loaded" },
    { source: 'throw new Error("no")', error: "cannot be loaded (no)" },
  ])("refuses $source", async ({ source, error }) => {
    expect(await load(source)).toEqual([expect.stringContaining(error)]);
  });

  test("tells what is wrong with every plugin at once", async () => {
    const plugins = ["a", "b"].map((name) => ({ module: join(folder, name), options: null }));
    const loaded = await loadPlugins(plugins, [], () => undefined);
    expect(loaded.ok ? [] : loaded.error).toHaveLength(2);
  });
});
