import { readFile } from "node:fs/promises";
import { formatConfigError } from "../../config/config-error.ts";
import { type ConfigDocument, decodeDocument } from "../../config/document.ts";
import { err, ok, type Result } from "../../core/result.ts";
import { parsePortable } from "../../policy/portable/parse.ts";
import { knownMethods } from "./known-methods.ts";
import { isRecord } from "./recorded.ts";
import { commented, ruleLine } from "./yaml-lines.ts";

/** A policy in our words, and what of the other one it does not say. */
export interface Imported {
  /** YAML. */
  readonly text: string;
  /** What could not be carried over, each with its place. */
  readonly left: readonly string[];
}

type Path = readonly string[];

/** What is read of the document, and noted of it. */
interface Import {
  readonly document: ConfigDocument;
  readonly file: string;
  readonly left: string[];
  readonly errors: string[];
  /** Entries of `rate_limits`. */
  readonly rates: string[];
}

const FILE_MAX_BYTES = 4 * 1024 * 1024;

/**
 * Reads the allow-list form: `allowed_tools: { server: { methods, rate_limit, audit } }`,
 * `denied_tools`, `policy`. What this version does not enforce becomes a comment, and is told.
 */
export async function importPolicy(file: string): Promise<Result<Imported, readonly string[]>> {
  const text = await readFile(file, "utf8").catch(() => null);
  if (text === null) return err([`${file}: cannot be read`]);
  const document = decodeDocument(text, file, FILE_MAX_BYTES);
  if (!document.ok) return err(document.error.map(formatConfigError));
  const { value } = document.value;
  const work: Import = { document: document.value, file, left: [], errors: [], rates: [] };
  const keys = ["allowed_tools", "denied_tools", "policy"];
  if (!isRecord(value) || !keys.some((key) => Object.hasOwn(value, key))) {
    return err([`${file}:1:1: is no allow-list; it has allowed_tools, denied_tools and policy`]);
  }
  for (const key of Object.keys(value)) {
    if (!keys.includes(key)) leave(work, [key], "is not known");
  }
  const lines = [
    ...headOf(file, value.policy, work),
    ...allowRules(value.allowed_tools, work),
    ...denyRules(value.denied_tools, value.allowed_tools, work),
  ];
  if (work.rates.length > 0) lines.push("", "rate_limits:", ...work.rates);
  if (work.errors.length > 0) return err(work.errors);
  const yaml = `${lines.join("\n")}\n`;
  const policy = parsePortable(yaml, "imported");
  if (!policy.ok)
    return err(policy.error.map(({ path, message }) => `${file}: ${path}: ${message}`));
  return ok({ text: yaml, left: work.left });
}

/** Notes what stands in the other policy and not in ours; returns the comment that says so. */
function leave(work: Import, path: Path, why: string): string {
  work.left.push(`${placeOf(work, path)}: ${path.join(".")} ${why}: it was left out`);
  return `  # left out: ${commented(path.join("."))} ${why}`;
}

function fail(work: Import, path: Path, why: string): void {
  work.errors.push(`${placeOf(work, path)}: ${path.join(".")} ${why}`);
}

function placeOf({ document, file }: Import, path: Path): string {
  const origin = document.originOf(path, "key");
  return origin.kind === "file" ? `${file}:${origin.line}:${origin.column}` : file;
}

function headOf(file: string, policy: unknown, work: Import): readonly string[] {
  if (policy !== undefined && policy !== "deny" && policy !== "allow") {
    fail(work, ["policy"], "is deny or allow: what happens to tools that nothing names");
  }
  return [
    `# Imported by impedance policy import from ${commented(file)}.`,
    `policy_id: "imported"`,
    `version: "1"`,
    // FAIL CLOSED: a list that says nothing of other tools does not allow them.
    `default: ${policy === "allow" ? "allow" : "deny"}`,
    "",
  ];
}

function allowRules(allowed: unknown, work: Import): readonly string[] {
  if (allowed === undefined || allowed === null) return [];
  if (!isRecord(allowed)) {
    fail(work, ["allowed_tools"], "is a map of servers: server: { methods: [...] }");
    return [];
  }
  const lines = Object.entries(allowed).flatMap(([server, entry]) => {
    return serverRules(server, entry, work);
  });
  const hasRules = lines.some((line) => line.trim().startsWith("- "));
  return [hasRules ? "allow_rules:" : "allow_rules: []", ...lines, ""];
}

function serverRules(server: string, entry: unknown, work: Import): readonly string[] {
  const path = ["allowed_tools", server];
  const settings = Array.isArray(entry) ? { methods: entry } : entry;
  if (!isRecord(settings)) {
    fail(work, path, "is a map: { methods: [...] }");
    return [];
  }
  const { methods = [], audit, rate_limit: rate, ...others } = settings;
  if (!isTexts(methods)) {
    fail(work, [...path, "methods"], "is a list of names");
    return [];
  }
  if (audit !== undefined && typeof audit !== "boolean") {
    fail(work, [...path, "audit"], "is true or false");
  }
  // Logged is what every decision is; what is not to be is counted.
  const level = audit === false ? "none" : null;
  return [
    ...(rate === undefined || noteRate(server, rate, work)
      ? []
      : [leave(work, [...path, "rate_limit"], "is no rate such as 10/min")]),
    ...Object.keys(others).map((key) => leave(work, [...path, key], "is not known")),
    ...methods.map((name) => `  ${ruleLine({ ...selectorOf(name), server, audit: level })}`),
  ];
}

const RATE = /^([1-9]\d{0,8})\s*\/\s*(s|sec|second|m|min|minute|h|hour|d|day)s?$/i;
const PER_MINUTE = { s: 60, m: 1, h: 1 / 60, d: 1 / 1440 } as const;

/** `10/min`: each caller by itself, all at once at most. False for what is no rate. */
function noteRate(server: string, rate: unknown, { rates }: Import): boolean {
  const [, count, unit = ""] = typeof rate === "string" ? (RATE.exec(rate) ?? []) : [];
  if (count === undefined) return false;
  const per = PER_MINUTE[unit.charAt(0).toLowerCase() as keyof typeof PER_MINUTE];
  const limit = Number((Number(count) * per).toPrecision(6));
  const name = JSON.stringify(server);
  rates.push(`  - { limit_per_minute: ${limit}, burst: ${count}, scope: actor, server: ${name} }`);
  return true;
}

/** A method of MCP selects itself; anything else is a tool. */
function selectorOf(name: string): { readonly tool: string } | { readonly method: string } {
  const isMethod = knownMethods().includes(name) || /^[a-z]+\/\*$/.test(name);
  return isMethod ? { method: name } : { tool: name };
}

function denyRules(denied: unknown, allowed: unknown, work: Import): readonly string[] {
  if (denied === undefined || denied === null) return [];
  if (!isTexts(denied)) {
    fail(work, ["denied_tools"], "is a list of names");
    return [];
  }
  const servers = isRecord(allowed) ? Object.keys(allowed) : [];
  const lines = denied.map((name) => `  ${ruleLine(deniedOf(name, servers))}`);
  return lines.length === 0 ? ["deny_rules: []"] : ["deny_rules:", ...lines];
}

/** `server/tool`, `server.tool` and `server:tool` name a server that the list knows. */
function deniedOf(name: string, servers: readonly string[]) {
  const server = servers.find(
    (one) => name.startsWith(one) && /^[./:]./.test(name.slice(one.length)),
  );
  return server === undefined
    ? { ...selectorOf(name), server: null }
    : { tool: name.slice(server.length + 1), server };
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((one) => typeof one === "string" && one !== "");
}
