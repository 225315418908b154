import { isAlias, LineCounter, type ParsedNode, parseDocument, visit } from "yaml";
import { err, ok, type Result } from "../../core/result.ts";
import type { FlowRule, PolicyFileError, PortablePolicy, PortableRule } from "./policy.ts";
import { readClearance } from "./read-clearance.ts";
import { readDetect } from "./read-detect.ts";
import { readMode, readModes } from "./read-modes.ts";
import { readRateLimits } from "./read-rate-limit.ts";
import { readRedact } from "./read-redact.ts";
import { readRule } from "./read-rule.ts";
import { createReader, type Place, type Reader } from "./reader.ts";

const TEXT_MAX_LENGTH = 4 * 1024 * 1024;
const RULES_MAX = 10_000;

const KEYS = [
  "policy_id",
  "version",
  "default",
  "unknown_methods",
  "validate",
  "allow_rules",
  "deny_rules",
  "deny_flows",
  "rate_limit",
  "rate_limits",
  "detect_attacks",
  "redact",
  "modes",
  "clearance",
] as const;

/**
 * Reads a portable policy, YAML or JSON. Everything wrong with it is told at once, and whatever
 * this version would not enforce is wrong: a policy that loads is a policy that holds.
 */
export function parsePortable(
  text: string,
  fileName: string,
): Result<PortablePolicy, readonly PolicyFileError[]> {
  const lines = new LineCounter();
  const reader = createReader(fileName, lines);
  const start: Place = { node: null, offset: 0, path: "" };
  if (text.length > TEXT_MAX_LENGTH) {
    reader.mistake(start, `the file is over ${TEXT_MAX_LENGTH} characters`);
    return err(reader.errors);
  }

  const root = parseYaml(text, lines, reader);
  if (reader.errors.length > 0) return err(reader.errors);
  const policy = readPolicy({ ...start, node: root }, reader);
  return reader.errors.length === 0 ? ok(policy) : err(reader.errors);
}

function parseYaml(text: string, lines: LineCounter, reader: Reader): ParsedNode | null {
  try {
    const document = parseDocument(text, {
      lineCounter: lines,
      prettyErrors: false,
      stringKeys: true,
      logLevel: "silent",
    });
    for (const { pos, message } of [...document.errors, ...document.warnings]) {
      reader.mistake({ node: null, offset: pos[0], path: "" }, firstLine(message));
    }
    visit(document, {
      Alias: (_, node) => {
        const place = { node: isAlias(node) ? node : null, offset: 0, path: "" };
        reader.mistake(place, "aliases are not read here: write it out");
      },
    });
    return document.contents;
  } catch {
    reader.mistake({ node: null, offset: 0, path: "" }, "this is nested too deep to be read");
    return null;
  }
}

function firstLine(message: string): string {
  return message.split("\n", 1)[0] ?? message;
}

function readPolicy(root: Place, reader: Reader): PortablePolicy {
  if (root.node === null) reader.mistake(root, "the file is empty");
  const found = root.node === null ? new Map<string, Place>() : reader.mapping(root, KEYS);
  const required = <Value>(key: string, by: (place: Place) => Value | null): Value | null => {
    const at = found.get(key);
    if (at !== undefined) return by(at);
    if (root.node !== null) reader.mistake({ ...root, path: key }, `${key} is missing`);
    return null;
  };

  const head: Pick<PortablePolicy, "policyId" | "version" | "default"> = {
    policyId: required("policy_id", reader.text) ?? "",
    version: required("version", reader.text) ?? "",
    default: required("default", (at) => reader.choice(at, ["deny", "allow"])) ?? "deny",
  };
  const validate = readValidate(found.get("validate"), reader);
  const rules = {
    allowRules: readRules(found.get("allow_rules"), "allow", reader),
    denyRules: readRules(found.get("deny_rules"), "deny", reader),
    denyFlows: readFlows(found.get("deny_flows"), reader),
    maxArgumentBytes: validate.maxArgumentBytes,
  };
  return {
    ...head,
    ...validate,
    unknownMethods: readUnknownMethods(found.get("unknown_methods"), reader),
    ...readModes(found.get("modes"), rules, reader),
    redact: readRedact(found.get("redact"), reader),
    detect: readDetect(found.get("detect_attacks"), reader),
    clearance: readClearance(found.get("clearance"), reader),
    rateLimits: readRateLimits(found.get("rate_limit"), found.get("rate_limits"), reader),
  };
}

function readUnknownMethods(place: Place | undefined, reader: Reader): "allow" | "deny" {
  if (place === undefined) return "deny";
  return reader.choice(place, ["deny", "allow"]) ?? "deny";
}

function readRules(
  place: Place | undefined,
  effect: "allow" | "deny",
  reader: Reader,
): readonly PortableRule[] {
  if (place === undefined) return [];
  const items = reader.sequence(place);
  if (items.length > RULES_MAX) {
    reader.mistake(place, `there may be ${RULES_MAX} rules`);
    return [];
  }
  return items.map((item, index) => readRule(item, effect, index, reader));
}

function readFlows(place: Place | undefined, reader: Reader): readonly FlowRule[] {
  if (place === undefined) return [];
  const items = reader.sequence(place);
  if (items.length > RULES_MAX) reader.mistake(place, `there may be ${RULES_MAX} rules`);
  return items.slice(0, RULES_MAX).map((item, index) => {
    const found = reader.mapping(item, ["from", "to", "reason", "mode"]);
    const text = (key: string) => {
      const at = found.get(key);
      return at === undefined ? null : reader.text(at);
    };
    if (!found.has("from"))
      reader.mistake(item, "from is missing: which server's values are meant");
    const [from, to, reason] = [text("from") ?? "*", text("to") ?? "*", text("reason")];
    const mode = readMode(found.get("mode"), "deny", reader);
    return { id: `flow/${index}`, from, to, reason, mode };
  });
}

function readValidate(
  place: Place | undefined,
  reader: Reader,
): Pick<PortablePolicy, "maxArgumentBytes" | "rejectUnknownArguments"> {
  if (place === undefined) return { maxArgumentBytes: null, rejectUnknownArguments: false };
  const found = reader.mapping(place, ["reject_unknown_args", "max_arg_bytes"]);
  const strict = found.get("reject_unknown_args");
  const size = found.get("max_arg_bytes");
  return {
    maxArgumentBytes: size === undefined ? null : reader.size(size),
    rejectUnknownArguments: strict !== undefined && reader.boolean(strict) === true,
  };
}
