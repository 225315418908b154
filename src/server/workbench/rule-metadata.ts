import { readFile } from "node:fs/promises";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { parse } from "yaml";
import { readTar } from "../../policy/tar.ts";
import { packageOf, shippedSources } from "./sources.ts";

/** What the annotations of a package say of it. */
export interface RuleMetadata {
  /** `mcp.rules.oversize` */
  readonly package: string;
  readonly title: string | null;
  readonly description: string | null;
  readonly reasons: readonly ReasonMetadata[];
}

/** One rule that denies, in the words of its annotations. */
export interface ReasonMetadata {
  readonly code: string;
  readonly severity: string | null;
  readonly rank: number | null;
  readonly message: string;
  readonly remedy: string | null;
}

const UNPACKED_MAX_BYTES = 128 * 1024 * 1024;
const unzip = promisify(gunzip);

/** The Rego that a bundle was built of, by path; that which ships for null. Empty if it has none. */
export async function modulesOf(bundle: string | null): Promise<ReadonlyMap<string, string>> {
  if (bundle === null) return shippedModules();
  try {
    const archive = await unzip(await readFile(bundle), { maxOutputLength: UNPACKED_MAX_BYTES });
    const files = readTar(archive);
    const modules = [...(files.ok ? files.value : [])].filter(([path]) => path.endsWith(".rego"));
    return new Map(modules.map(([path, bytes]) => [path, Buffer.from(bytes).toString("utf8")]));
  } catch {
    // It is at an address, or unreadable: nothing more is known of its rules than their reasons.
    return new Map();
  }
}

async function shippedModules(): Promise<ReadonlyMap<string, string>> {
  const { rego } = await shippedSources();
  return new Map(
    await Promise.all(rego.map(async (file) => [file, await readFile(file, "utf8")] as const)),
  );
}

/** The annotations of modules (openpolicyagent.org, "Metadata"), package by package. */
export function metadataOf(modules: ReadonlyMap<string, string>): readonly RuleMetadata[] {
  const found = new Map<string, RuleMetadata>();
  for (const text of modules.values()) {
    const name = packageOf(text);
    if (name === null) continue;
    const blocks = annotationsIn(text);
    const about = blocks.find(({ scope }) => scope === "package");
    const before = found.get(name);
    found.set(name, {
      package: name,
      title: textOf(about?.title) ?? before?.title ?? null,
      description: textOf(about?.description) ?? before?.description ?? null,
      reasons: [...(before?.reasons ?? []), ...blocks.flatMap(reasonOf)],
    });
  }
  return [...found.values()].sort((a, b) => (a.package < b.package ? -1 : 1));
}

interface Annotation {
  readonly scope?: unknown;
  readonly title?: unknown;
  readonly description?: unknown;
  readonly custom?: unknown;
}

function annotationsIn(text: string): readonly Annotation[] {
  const blocks = text.matchAll(/^# METADATA[ \t]*\n((?:#.*\n)+)/gm);
  return [...blocks].flatMap(([, comment = ""]) => {
    try {
      const value: unknown = parse(comment.replace(/^# ?/gm, ""));
      return typeof value === "object" && value !== null ? [value as Annotation] : [];
    } catch {
      return [];
    }
  });
}

function reasonOf({ description, custom }: Annotation): readonly ReasonMetadata[] {
  if (typeof custom !== "object" || custom === null) return [];
  const { code, severity, rank, remedy } = custom as { readonly [key: string]: unknown };
  if (typeof code !== "string") return [];
  return [
    {
      code,
      severity: textOf(severity),
      rank: typeof rank === "number" ? rank : null,
      message: textOf(description) ?? "",
      remedy: textOf(remedy),
    },
  ];
}

function textOf(value: unknown): string | null {
  return typeof value === "string" ? value.trim().replace(/\s+/g, " ") : null;
}
