import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  type Range,
  visit,
  type YAMLError,
} from "yaml";

import { err, ok, type Result } from "../core/result.ts";
import type { ConfigError, Fault, Origin, Path } from "./config-error.ts";

const DOCUMENT_MAX_BYTES = 1024 * 1024;
/** References to one anchor, in all: bounds what a few bytes can be blown up to. */
const ALIAS_MAX_COUNT = 32;
const ERRORS_MAX = 100;

/** A YAML document as a plain value, which still knows where each part of it stands. */
export interface ConfigDocument {
  readonly value: unknown;
  /** Where the key or the value at `path` stands, or the nearest part around it. */
  originOf(path: Path, target: Fault["target"]): Origin;
}

/** Parses YAML 1.2 (core schema). No text makes it throw, and no error quotes the text. */
export function decodeDocument(
  text: string,
  file: string,
  maxBytes: number = DOCUMENT_MAX_BYTES,
): Result<ConfigDocument, readonly ConfigError[]> {
  if (Buffer.byteLength(text) > maxBytes) {
    const size = maxBytes / (1024 * 1024);
    return err([startOf(file, `is larger than ${size} MiB`, "keep it small")]);
  }
  const lines = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    stringKeys: true,
    // Duplicates are looked for below, in linear time.
    uniqueKeys: false,
    logLevel: "error",
  });

  const originAt = (offset: number): Origin => {
    const { line, col } = lines.linePos(offset);
    return { kind: "file", file, line: Math.max(1, line), column: Math.max(1, col) };
  };
  const errors = [...document.errors, ...document.warnings].map((error) => ({
    origin: originAt(error.pos[0]),
    path: "",
    ...explain(error),
  }));
  if (errors.length > 0) return err(errors.slice(0, ERRORS_MAX));

  return toValue(document, file, originAt);
}

function toValue(
  document: Document.Parsed,
  file: string,
  originAt: (offset: number) => Origin,
): Result<ConfigDocument, readonly ConfigError[]> {
  let value: unknown;
  try {
    const duplicates = duplicateKeys(document, originAt);
    if (duplicates.length > 0) return err(duplicates.slice(0, ERRORS_MAX));
    // Through JSON, so that what an alias repeats is not one object, changed in all its places.
    value = JSON.parse(JSON.stringify(document.toJS({ maxAliasCount: ALIAS_MAX_COUNT }) ?? {}));
  } catch {
    const remedy = "write the repeated parts out, or nest less";
    return err([
      startOf(file, "is too deep, or uses an anchor too often or inside itself", remedy),
    ]);
  }
  return ok({
    value,
    originOf: (path, target) => originAt(offsetOf(document, path, target)),
  });
}

/** The offset of what stands at `path`, or of the deepest part of the path that exists. */
function offsetOf(document: Document.Parsed, path: Path, target: Fault["target"]): number {
  let node: unknown = document.contents;
  let offset = startOfNode(node) ?? 0;

  for (const [depth, segment] of path.entries()) {
    const found = step(isAlias(node) ? node.resolve(document) : node, segment);
    if (found === null) return offset;
    const isLast = depth === path.length - 1;
    const key = startOfNode(found.key);
    const value = startOfNode(found.value);
    offset = (isLast && target === "key" ? (key ?? value) : (value ?? key)) ?? offset;
    node = found.value;
  }
  return offset;
}

function step(node: unknown, segment: string): { key: unknown; value: unknown } | null {
  if (isMap(node)) {
    for (const { key, value } of node.items) {
      if (isScalar(key) && String(key.value) === segment) return { key, value };
    }
  }
  if (isSeq(node) && Number(segment) < node.items.length) {
    return { key: null, value: node.items[Number(segment)] };
  }
  return null;
}

function startOfNode(node: unknown): number | null {
  const range = (node as Node | null | undefined)?.range as Range | null | undefined;
  return range?.[0] ?? null;
}

function duplicateKeys(
  document: Document.Parsed,
  originAt: (offset: number) => Origin,
): ConfigError[] {
  const errors: ConfigError[] = [];
  visit(document, {
    Map(_, map) {
      const seen = new Set<string>();
      for (const { key } of map.items) {
        const name = isScalar(key) ? String(key.value) : "";
        if (seen.has(name)) {
          errors.push({
            origin: originAt(startOfNode(key) ?? 0),
            path: "",
            problem: "this key stands twice in the same map",
            remedy: "remove one of the two",
          });
        }
        seen.add(name);
      }
    },
  });
  return errors;
}

function startOf(file: string, problem: string, remedy: string): ConfigError {
  const origin = { kind: "file", file, line: 1, column: 1 } as const;
  return { origin, path: "", problem: `the document ${problem}`, remedy };
}

/** In our own words: those of the parser quote the text, and with it perhaps a secret. */
function explain(error: YAMLError): { problem: string; remedy: string } {
  switch (error.code) {
    case "BAD_INDENT":
    case "TAB_AS_INDENT":
      return { problem: "is not indented as YAML wants", remedy: "indent with spaces, evenly" };
    case "MISSING_CHAR":
      return { problem: "lacks a closing quote, bracket or colon", remedy: "add it" };
    case "BAD_ALIAS":
    case "ALIAS_PROPS":
      return { problem: "names an anchor that is not set", remedy: "write the value out" };
    case "MULTIPLE_DOCS":
      return { problem: "starts a second document", remedy: "keep one document in the file" };
    case "NON_STRING_KEY":
      return { problem: "has a key that is not plain text", remedy: "use a plain word as key" };
    case "TAG_RESOLVE_FAILED":
      return { problem: "has a tag that is not known", remedy: "remove the `!` or quote the text" };
    case "BAD_DQ_ESCAPE":
      return { problem: "has an unknown escape", remedy: "use single quotes, or double the `\\`" };
    case "RESOURCE_EXHAUSTION":
      return { problem: "is nested too deeply", remedy: "nest less" };
    default:
      return { problem: `is not YAML (${error.code})`, remedy: "check the line and the one above" };
  }
}
