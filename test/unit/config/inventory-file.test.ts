import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { formatConfigError } from "../../../src/config/config-error.ts";
import { decodeInventory } from "../../../src/config/inventory-file.ts";
import { type Pin, writePins } from "../../../src/config/inventory-writer.ts";
import { SIDE_EFFECT_NAMES, SIDE_EFFECTS } from "../../../src/core/inventory.ts";
import { hashDefinition } from "../../../src/server/load-inventory.ts";

const decode = (text: string) => decodeInventory(text, "tools.yaml", hashDefinition);

function errorsOf(text: string): readonly string[] {
  const decoded = decode(text);
  return decoded.ok ? [] : decoded.error.map(formatConfigError);
}

const HASH = hashDefinition({ name: "a" })?.hash ?? "";

function pinOf(definition: object, different: Partial<Pin> = {}): Pin {
  const { hash = "", text = "" } = hashDefinition(definition) ?? {};
  const guess = { risk: null, sideEffects: null };
  return { server: "s", tool: "a", hash, definition: text, guess, ...different };
}

describe("decodeInventory", () => {
  test("reads what people and the command wrote", () => {
    const text = `
version: 1
servers:
  s:
    tools:
      a:
        hash: ${HASH}
        risk: high
        owner: crew
        classification: RESTRICTED
        side_effects: [FS_READ, FS_WRITE]
        guessed: true
        note: look again
        definition: { name: a }
      b: {}
      c: { side_effects: [] }
`;
    const decoded = decode(text);
    const tools = decoded.ok ? decoded.value.get("s") : undefined;
    expect(tools?.get("a")).toEqual({
      hash: HASH,
      risk: "high",
      owner: "crew",
      classification: "RESTRICTED",
      sideEffects: ["FS_READ", "FS_WRITE"],
      guessed: true,
      note: "look again",
      definition: '{"name":"a"}',
    });
    expect(tools?.get("b")).toMatchObject({ hash: null, sideEffects: null, guessed: false });
    expect(tools?.get("c")?.sideEffects).toEqual([]);
  });

  test.each([
    { title: "no version", text: "servers: {}", want: "tools.yaml:1:1: lacks version" },
    { title: "another version", text: "version: 2", want: "tools.yaml:1:10: version is above" },
    {
      title: "a misspelt key",
      text: "version: 1\nservers: { s: { tools: { a: { rsk: low } } } }",
      want: "tools.yaml:2:31: servers.s.tools.a.rsk is not a known setting; did you mean risk?",
    },
    {
      title: "a misspelt side effect",
      text: "version: 1\nservers:\n  s: { tools: { a: { side_effects: [FS_REED] } } }",
      want: "tools.yaml:3:37: servers.s.tools.a.side_effects.0 is none of the known values; did you mean FS_READ?",
    },
    {
      title: "a hash that is none",
      text: "version: 1\nservers: { s: { tools: { a: { hash: abc } } } }",
      want: "tools.yaml:2:37: servers.s.tools.a.hash is not of the form needed here",
    },
    {
      title: "a definition that somebody edited",
      text: `version: 1\nservers: { s: { tools: { a: { hash: "${HASH}", definition: { name: b } } } } }`,
      want: "tools.yaml:2:112: servers.s.tools.a.definition is not what the hash is of",
    },
    {
      title: "a definition without its hash",
      text: "version: 1\nservers: { s: { tools: { a: { definition: { name: b } } } } }",
      want: "tools.yaml:2:31: servers.s.tools.a.definition stands without its hash",
    },
    {
      title: "a definition that is no object",
      text: 'version: 1\nservers: { s: { tools: { a: { definition: "[]" } } } }',
      want: "tools.yaml:2:31: servers.s.tools.a.definition is no definition",
    },
    {
      title: "a tool that is there twice",
      text: "version: 1\nservers: { s: { tools: { a: {}, a: {} } } }",
      want: "tools.yaml:2:33: this key stands twice in the same map",
    },
  ])("refuses $title, with line and column", ({ text, want }) => {
    expect(errorsOf(text)[0]?.slice(0, want.length)).toBe(want);
  });
});

describe("writePins", () => {
  test("makes a file that says what was pinned, and marks guesses as such", () => {
    const guess = { risk: "high", sideEffects: ["FS_WRITE"] } as const;
    const text = writePins(
      null,
      [pinOf({ description: "b", name: "a" }, { guess })],
      hashDefinition,
    );
    const decoded = decode(text);
    expect(decoded.ok && decoded.value.get("s")?.get("a")).toMatchObject({
      hash: hashDefinition({ name: "a", description: "b" })?.hash,
      definition: '{"description":"b","name":"a"}',
      risk: "high",
      sideEffects: ["FS_WRITE"],
      guessed: true,
    });
    expect(text).toContain("        definition:\n          name: a\n          description: b\n");
  });

  test("leaves comments, order and what people noted as they are", () => {
    const old = `# ours
version: 1
servers:
  # the last one first
  z:
    tools:
      t: { note: "keep me" }
  s:
    tools:
      # reviewed in May
      a:
        owner: crew # ask them
        risk: low
        hash: ${HASH}
        definition: { name: a }
      b: {}
`;
    const guess = { risk: "high", sideEffects: ["FS_WRITE"] } as const;
    const text = writePins(old, [pinOf({ name: "a", title: "A" }, { guess })], hashDefinition);
    const { hash } = pinOf({ name: "a", title: "A" });
    const start = old.slice(0, old.indexOf("        hash"));
    expect(text).toBe(
      `${start}        hash: ${hash}\n        definition:\n          name: a\n          title: A\n      b: {}\n`,
    );
  });

  test("fills in what is begun", () => {
    const text = writePins("version: 1\nservers:\n", [pinOf({ name: "a" })], hashDefinition);
    expect(decode(text).ok).toBe(true);
  });

  test.each([
    { title: "text over several lines", description: "one\n\n  two \n# three: 3\n---\n" },
    { title: "text that is a number, a date, a flag", description: "007", title2: "yes" },
    { title: "a text that nobody sees in part", description: "a\u200bb\u{e0041}\u202ec" },
    { title: "control characters", description: "a\u001b[31mb\u0000\u0085c\r\n" },
    { title: "a lone surrogate", description: "a\ud800b" },
    { title: "a long line", description: "word ".repeat(2000) },
  ])("brings $title back as it was", (given) => {
    const definition = {
      name: "a",
      ...given,
      inputSchema: { properties: { "": {}, "a b: #": {} } },
    };
    const text = writePins(null, [pinOf(definition)], hashDefinition);
    const decoded = decode(text);
    expect(decoded.ok && decoded.value.get("s")?.get("a")?.hash).toBe(
      hashDefinition(definition)?.hash,
    );
    expect(text).not.toMatch(/[^\P{C}\n]/u);
  });

  test("brings numbers back that YAML would change", () => {
    const text = '{"max":9007199254740993,"name":"a"}';
    const { hash = "" } = hashDefinition(text) ?? {};
    const pin = { ...pinOf({ name: "a" }), hash, definition: text };
    const decoded = decode(writePins(null, [pin], hashDefinition));
    expect(decoded.ok && decoded.value.get("s")?.get("a")?.definition).toBe(text);
  });

  test.each(["__proto__", "constructor", "a: b", "#x", "", "1", "true"].filter(Boolean))(
    "pins a tool called %s",
    (tool) => {
      const decoded = decode(writePins(null, [pinOf({ name: tool }, { tool })], hashDefinition));
      expect(decoded.ok && [...(decoded.value.get("s")?.keys() ?? [])]).toEqual([tool]);
    },
  );
});

describe("the side effects", () => {
  test("are 21", () => {
    expect(SIDE_EFFECT_NAMES).toHaveLength(21);
  });

  test.each(["schemas/inventory.json", "schemas/policy.json"])("are those of %s", (name) => {
    const schema = readFileSync(new URL(`../../../${name}`, import.meta.url), "utf8");
    const lists = [...schema.matchAll(/"enum": (\[[^\]]*"FS_READ"[^\]]*\])/g)];
    expect(lists.map(([, list = ""]) => JSON.parse(list))).toEqual([[...SIDE_EFFECT_NAMES]]);
  });

  test("are told in docs/inventory.md as in the code", () => {
    const page = readFileSync(new URL("../../../docs/inventory.md", import.meta.url), "utf8");
    const told = Object.entries(SIDE_EFFECTS).map(([name, means]) => `| \`${name}\` | ${means} |`);
    expect(page).toContain(told.join("\n"));
  });
});
