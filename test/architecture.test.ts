import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { API } from "typescript/unstable/sync";
import { describe, expect, test } from "vitest";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const SOURCE = join(ROOT, "src");

/**
 * The dependency law (design.md §10). What stands in `src/` is one of these parts, and imports no
 * other part than those named: `core ← stages ← pipeline ← envoy ← server ← {cli, main}`. Stages
 * are strangers to each other. `envoy` is another face of `core/exchange.ts`: it sees no pipeline.
 */
const MAY_IMPORT: { readonly [part: string]: readonly string[] } = {
  core: [],
  mcp: ["core"],
  identity: ["core"],
  guard: ["core"],
  policy: ["core"],
  decision: ["core"],
  audit: ["core"],
  catalogue: ["core"],
  schema: ["core"],
  posture: ["core"],
  state: ["core"],
  pipeline: ["core", "mcp", "guard", "policy", "decision", "audit"],
  // HTTP/2 knows nothing of us.
  http2: [],
  envoy: ["core", "http2"],
  telemetry: ["core"],
  config: ["core"],
  server: [
    ...["core", "mcp", "identity", "guard", "policy", "decision", "audit", "catalogue", "state"],
    ...["schema", "posture", "pipeline", "envoy", "telemetry", "config"],
  ],
  cli: ["core", "audit", "telemetry", "config", "server"],
  "main.ts": ["cli"],
};

/** The one home of each package that the product is made of; a second home needs a reason here. */
const HOMES: { readonly [dependency: string]: readonly string[] } = {
  "@grpc/grpc-js": ["envoy"],
  "@grpc/proto-loader": ["envoy"],
  "@open-policy-agent/opa-wasm": ["policy"],
  // Our own settings, and the schemas that servers give their tools: those only in normal form.
  ajv: ["config", "schema"],
  ioredis: ["state"],
  // Signatures of bundles, and of what callers show.
  jose: ["policy", "identity"],
  pino: ["telemetry"],
  "prom-client": ["telemetry"],
  "rate-limiter-flexible": ["state"],
  // What people write: settings, policies, what tests and lists stand beside them, and the bootstrap.
  yaml: ["config", "policy/portable", "server/workbench", "cli/envoy"],
};

const LINES_MAX = 400;

interface SourceFile {
  /** Relative to `src/`. */
  readonly path: string;
  readonly text: string;
  /** As written, types included, dynamic ones too. */
  readonly imports: readonly string[];
}

const FILES = readSources();

describe("the dependency law", () => {
  test("names every part of src/, and no other", () => {
    expect(Object.keys(MAY_IMPORT).sort()).toEqual([...new Set(FILES.map(partOf))].sort());
  });

  test("holds: a part imports what it may import", () => {
    const broken = edges().filter(([from, to]) => !mayImport(partOf(from), partOf(to)));
    expect(broken.map(([from, to]) => `${from.path} → ${to.path}`)).toEqual([]);
  });

  test("is no wider than the code needs it", () => {
    const needed = new Set(edges().map(([from, to]) => `${partOf(from)} → ${partOf(to)}`));
    const granted = Object.entries(MAY_IMPORT).flatMap(([from, all]) =>
      all.map((to) => `${from} → ${to}`),
    );
    expect(granted.filter((grant) => !needed.has(grant))).toEqual([]);
  });

  test("leaves core/ with itself alone: no package, no module of Node", () => {
    const broken = FILES.filter((file) => partOf(file) === "core").flatMap(({ path, imports }) =>
      imports.filter((name) => !name.startsWith("./")).map((name) => `${path} → ${name}`),
    );
    expect(broken).toEqual([]);
  });

  test("has no way round: no file reaches itself through its imports", () => {
    expect(cycles()).toEqual([]);
  });
});

describe("a package", () => {
  test("that the product depends on has a home in the table", () => {
    const manifest: unknown = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
    expect(manifest).toMatchObject({ dependencies: expect.anything() });
    const { dependencies } = manifest as { dependencies: object };
    expect(Object.keys(HOMES)).toEqual(Object.keys(dependencies).sort());
  });

  test("is imported in its home, and there alone", () => {
    const uses = FILES.flatMap((file) =>
      file.imports.filter(isPackage).map((name) => ({ name: packageOf(name), path: file.path })),
    );
    const away = uses.filter(({ name, path }) => !isAtHome(name, path));
    expect(away.map(({ name, path }) => `${path} → ${name}`)).toEqual([]);
    expect([...new Set(uses.map(({ name }) => name))].sort()).toEqual(Object.keys(HOMES));
  });
});

describe("a source file", () => {
  test("imports files by their whole name, with .ts", () => {
    const broken = FILES.flatMap(({ path, imports }) =>
      imports
        .filter((name) => name.startsWith(".") && !name.endsWith(".ts"))
        .map((name) => `${path} → ${name}`),
    );
    expect(broken).toEqual([]);
  });

  test("imports what Node brings along by node:", () => {
    const broken = FILES.flatMap(({ path, imports }) =>
      imports
        .filter((name) => isPackage(name) && !Object.hasOwn(HOMES, packageOf(name)))
        .map((name) => `${path} → ${name}`),
    );
    expect(broken).toEqual([]);
  });

  test(`is at most ${LINES_MAX} lines long`, () => {
    const long = FILES.filter(({ text }) => text.split("\n").length - 1 > LINES_MAX);
    expect(long.map(({ path }) => path)).toEqual([]);
  });

  test.each([
    { title: "a default export", pattern: /\bexport\s+default\b|\bas\s+default\b/ },
    { title: "a barrel", pattern: /\bexport\s+(\*|(type\s+)?\{[^}]*\})\s*from\b/ },
    { title: "as any", pattern: /\bas any\b/ },
    { title: "a switched-off type check", pattern: /@ts-(ignore|nocheck|expect-error)/ },
    { title: "TODO, FIXME, XXX", pattern: /\b(TODO|FIXME|XXX)\b/ },
    { title: "an enum or a namespace", pattern: /^\s*(export\s+)?(const\s+)?(enum|namespace)\s/m },
  ])("has no $title", ({ pattern }) => {
    expect(FILES.filter(({ text }) => pattern.test(text)).map(({ path }) => path)).toEqual([]);
  });
});

/** Imports come from TypeScript's own parser, so that no way of writing one is overlooked. */
function readSources(): readonly SourceFile[] {
  const api = new API({ cwd: ROOT });
  try {
    const snapshot = api.updateSnapshot({ openProject: join(ROOT, "tsconfig.json") });
    const [project] = snapshot.getProjects();
    if (project === undefined) throw new Error("tsconfig.json makes no project");
    return sourcePaths().map((path) => {
      const parsed = project.program.getSourceFile(join(SOURCE, path));
      if (parsed === undefined) throw new Error(`tsconfig.json leaves ${path} out`);
      const { text } = parsed;
      const imports = parsed.imports.map((specifier) => literalOf(specifier.getText(parsed)));
      return { path, text, imports: [...new Set([...imports, ...requiresOf(text)])] };
    });
  } finally {
    api.close();
  }
}

function sourcePaths(): readonly string[] {
  const entries = readdirSync(SOURCE, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(SOURCE, join(entry.parentPath, entry.name)))
    .sort();
}

/** CommonJS has no import statement: `createRequire(import.meta.url)("package")`. */
function requiresOf(text: string): readonly string[] {
  const calls = text.matchAll(/(?:\brequire|\bcreateRequire\([^)]*\))\(\s*("[^"]+")/g);
  return [...calls].map(([, literal = '""']) => literalOf(literal));
}

function literalOf(literal: string): string {
  return String(JSON.parse(literal));
}

function partOf({ path }: SourceFile): string {
  return path.split("/")[0] ?? path;
}

function mayImport(from: string, to: string): boolean {
  return from === to || (MAY_IMPORT[from]?.includes(to) ?? false);
}

function edges(): readonly (readonly [from: SourceFile, to: SourceFile])[] {
  return FILES.flatMap((from) => importedBy(from).map((to) => [from, to] as const));
}

function importedBy(from: SourceFile): readonly SourceFile[] {
  const local = from.imports.filter((name) => name.startsWith("."));
  return local.map((name) => {
    const path = relative(SOURCE, resolve(SOURCE, dirname(from.path), name));
    const to = FILES.find((file) => file.path === path);
    if (to === undefined) throw new Error(`${from.path} imports ${name}, which is not in src/`);
    return to;
  });
}

/** Each file that can reach itself, with the way it takes. */
function cycles(): readonly string[] {
  const found: string[] = [];
  const done = new Set<SourceFile>();
  const visit = (file: SourceFile, way: readonly SourceFile[]): void => {
    if (way.includes(file)) {
      const round = [...way.slice(way.indexOf(file)), file];
      found.push(round.map(({ path }) => path).join(" → "));
      return;
    }
    if (done.has(file)) return;
    for (const next of importedBy(file)) visit(next, [...way, file]);
    done.add(file);
  };
  for (const file of FILES) visit(file, []);
  return found;
}

function isPackage(name: string): boolean {
  return !name.startsWith(".") && !name.startsWith("node:");
}

/** `ajv/dist/2020.js` → `ajv`, `@grpc/grpc-js` → itself. */
function packageOf(name: string): string {
  return name.split("/", name.startsWith("@") ? 2 : 1).join("/");
}

function isAtHome(name: string, path: string): boolean {
  return HOMES[name]?.some((home) => path.startsWith(`${home}/`)) ?? false;
}
