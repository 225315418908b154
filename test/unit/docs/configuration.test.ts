import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { expect, test } from "vitest";

import { rowsOf } from "./tables.ts";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));

interface Schema {
  readonly description?: string;
  readonly type?: string;
  readonly enum?: readonly string[];
  readonly default?: unknown;
  readonly properties?: { readonly [name: string]: Schema };
  readonly additionalProperties?: Schema | boolean;
  readonly items?: Schema;
}

test("docs/configuration.md lists every setting of schemas/config.json as it is", () => {
  const schema = JSON.parse(readFileSync(join(ROOT, "schemas/config.json"), "utf8")) as Schema;
  const rows = [...settings(schema, [])];
  if (process.env.UPDATE_DOCS === "1") writeTable("docs/configuration.md", rows);
  const page = readFileSync(join(ROOT, "docs/configuration.md"), "utf8");
  expect(rowsOf(page, "Settings")).toEqual(rows);
});

test("every page that another one links to is there", () => {
  const pages = [
    ...["README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md"],
    ...readdirSync(join(ROOT, "docs"), { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".md"))
      .map((name) => `docs/${name}`),
  ];
  const broken = pages.flatMap((page) => {
    const links = readFileSync(join(ROOT, page), "utf8").matchAll(
      /\]\((?!https?:)([^)#]+)[^)]*\)/g,
    );
    return [...links]
      .map(([, target = ""]) => join(ROOT, page, "..", target))
      .filter((path) => !exists(path))
      .map((path) => `${page} → ${path}`);
  });
  expect(broken).toEqual([]);
});

/** Writes the page's first table anew; `UPDATE_DOCS=1` asks for it. */
function writeTable(name: string, rows: readonly (readonly string[])[]): void {
  const path = join(ROOT, name);
  const lines = readFileSync(path, "utf8").split("\n");
  const start = lines.findIndex((line) => line.startsWith("|---")) + 1;
  const end = lines.findIndex((line, at) => at >= start && !line.startsWith("|"));
  const table = rows.map((row) => `| ${row.join(" | ")} |`);
  writeFileSync(path, [...lines.slice(0, start), ...table, ...lines.slice(end)].join("\n"));
}

/** A row for each setting: its name, what it takes, its default, what it means. */
function* settings(schema: Schema, path: readonly string[]): Generator<string[]> {
  const { properties, additionalProperties: free } = schema;
  for (const [name, inner] of Object.entries(properties ?? {}))
    yield* settings(inner, [...path, name]);
  if (typeof free === "object") yield* settings(free, [...path, "<name>"]);
  // Of a list of maps: what one entry may say, below the list itself.
  const entries = schema.items?.properties;
  if (properties === undefined && typeof free !== "object") {
    const value = schema.default === undefined ? "" : `\`${JSON.stringify(schema.default)}\``;
    yield [`\`${path.join(".")}\``, kindOf(schema), value, schema.description ?? ""];
    const entry = [...path.slice(0, -1), `${path.at(-1)}[]`];
    for (const [name, inner] of Object.entries(entries ?? {})) {
      yield* settings(inner, [...entry, name]);
    }
  }
}

function kindOf({ enum: choices, type, items }: Schema): string {
  if (choices !== undefined) return choices.join(", ");
  return items === undefined ? (type ?? "") : `list of ${kindOf(items)}`;
}

function exists(path: string): boolean {
  try {
    readFileSync(path);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EISDIR";
  }
}
