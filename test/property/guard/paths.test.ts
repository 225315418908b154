import fc from "fast-check";
import { expect, test } from "vitest";
import { createMemoryStore } from "../../../src/guard/paths/memory-store.ts";
import { revealPath, revealText } from "../../../src/guard/paths/reveal.ts";
import { createSealedStore } from "../../../src/guard/paths/sealed-store.ts";
import { shortCode } from "../../../src/guard/paths/short-code.ts";
import { concealed, KEY, revealed, viewWith } from "../../unit/guard/paths/views.ts";

const VIEWS = [
  { title: "memory", view: viewWith() },
  { title: "memory with extensions", view: viewWith({ keepExtension: true }) },
  { title: "sealed", view: viewWith({ store: createSealedStore(), keepExtension: true }) },
];

/** What paths, aliases and their surroundings are made of, to be put together at random. */
function pieces(live: readonly string[]): fc.Arbitrary<string> {
  const words =
    "/ // . .. a é 的 - + \\ \\\\ \\n \" ' : C: C:\\ ~ ~/ $HOME/ = , _ -I .py %20 %2f #! @";
  const places = "/srv/projects /srv/projects/inner /etc/passwd /home/bob/a.py file:/// file://";
  const more = "file://localhost/ repo:/// https://h/ ( ) [ ] { } < > * \ud800 😀 1";
  const given = [words, places, more].flatMap((text) => text.split(" "));
  const piece = fc.constantFrom(...given, " ", "\n", "/srv/my files", "/srv/my%20files", ...live);
  return fc.array(piece, { maxLength: 14 }).map((parts) => parts.join(""));
}

test.each(VIEWS)("whatever a text holds comes back exactly ($title)", ({ view }) => {
  const aliases = ["/srv/projects", "/etc/passwd", "/home/bob/a.py"].flatMap((path) => {
    const alias = concealed(path, view);
    return [alias, alias.toUpperCase(), alias.replace("_", "__"), alias.slice(0, -1)];
  });
  const expectations = fc.constantFrom("roots" as const, "paths" as const);
  const roundTrip = fc.property(pieces(aliases), expectations, (text, expected) => {
    const shown = concealed(text, view, expected);
    expect(revealed(shown, revealText(shown, view))).toBe(text);
  });
  fc.assert(roundTrip, { numRuns: 20_000 });
});

test("a part cut at a line comes back exactly, too", () => {
  const [{ view } = { view: viewWith() }] = VIEWS;
  const line = pieces([]).map((text) => text.replaceAll("\n", ""));
  const byLine = fc.property(fc.array(line, { minLength: 1, maxLength: 5 }), (lines) => {
    const shown = concealed(lines.join("\n"), view).split("\n");
    expect(shown).toEqual(lines.map((text) => concealed(text, view)));
  });
  fc.assert(byLine, { numRuns: 5_000 });
});

test("a million paths have a million codes", () => {
  const codes = new Set<string>();
  for (let index = 0; index < 1_000_000; index += 1) {
    codes.add(shortCode(KEY, `p/home/user/projects/folder-${index % 1000}/file-${index}.ts`));
  }
  expect(codes.size).toBe(1_000_000);
}, 120_000);

test("a restart and another replica mint the same aliases, and sealed ones open there", () => {
  const path = fc.stringMatching(/^\/(?:home|srv\/projects)(?:\/[a-z]{1,8}){1,4}$/);
  const [here, there] = [createMemoryStore, createSealedStore].map((create) => {
    return [viewWith({ store: create() }), viewWith({ store: create() })];
  });
  const same = fc.property(path, (text) => {
    for (const views of [here, there]) {
      const [one, two] = views ?? [];
      if (one === undefined || two === undefined) throw new Error("two views of a store");
      expect(concealed(text, one)).toBe(concealed(text, two));
    }
    const [minted, fresh] = [there?.[0] ?? viewWith(), viewWith({ store: createSealedStore() })];
    const alias = concealed(text, minted);
    expect(revealed(alias, revealPath(alias, fresh))).toBe(text);
  });
  fc.assert(same, { numRuns: 2_000 });
});

test.each(VIEWS)("an alias damaged on the way leads nowhere else ($title)", ({ view }) => {
  const real = "/home/bob/notes.py";
  const alias = concealed(real, view);
  const damage = fc.oneof(
    fc.nat(alias.length - 1).map((at) => alias.slice(0, at)),
    fc.nat(alias.length - 1).map((at) => `${alias.slice(0, at)}\n${alias.slice(at)}`),
    fc.array(fc.boolean(), { minLength: alias.length, maxLength: alias.length }).map((upper) => {
      return [...alias].map((sign, at) => (upper[at] ? sign.toUpperCase() : sign)).join("");
    }),
    fc.nat(alias.length - 1).map((at) => {
      const hex = alias.charCodeAt(at).toString(16);
      return `${alias.slice(0, at)}%${hex}${alias.slice(at + 1)}`;
    }),
    fc.tuple(fc.nat(alias.length - 1), fc.constantFrom(..."0189azAZ")).map(([at, sign]) => {
      return alias.slice(0, at) + sign + alias.slice(at + 1);
    }),
  );
  const safe = fc.property(damage, (text) => {
    const outcome = revealed(text, revealPath(text, view));
    const isRefused = outcome.startsWith("alias_");
    expect(isRefused || outcome.trim() === real || outcome === text).toBe(true);
  });
  fc.assert(safe, { numRuns: 20_000 });
});
