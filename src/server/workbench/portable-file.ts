import { readFile } from "node:fs/promises";
import { decodeDocument } from "../../config/document.ts";
import { err, ok, type Result } from "../../core/result.ts";
import { parsePortable } from "../../policy/portable/parse.ts";
import type { FlowRule, PortablePolicy, PortableRule } from "../../policy/portable/policy.ts";

/** A portable policy that still knows where each rule of it stands. */
export interface PortableFile {
  readonly file: string;
  readonly policy: PortablePolicy;
  /** `policy.yaml:12:5`, of a rule's id. */
  placeOf(id: string): string;
  /** Of what `modes.rules` says of this name. */
  placeOfMode(name: string): string;
}

const FILE_MAX_BYTES = 16 * 1024 * 1024;

export async function readPortableFile(
  file: string,
): Promise<Result<PortableFile, readonly string[]>> {
  const text = await readFile(file, "utf8").catch(() => null);
  if (text === null) return err([`${file}: the policy cannot be read`]);
  const policy = parsePortable(text, file);
  if (!policy.ok) {
    return err(
      policy.error.map(({ line, column, path, message }) => {
        return `${file}:${line}:${column}: ${path === "" ? "" : `${path}: `}${message}`;
      }),
    );
  }
  const document = decodeDocument(text, file, FILE_MAX_BYTES);
  const placeAt = (path: readonly string[] | null, part: "key" | "value"): string => {
    if (!document.ok || path === null) return file;
    const origin = document.value.originOf(path, part);
    return origin.kind === "file" ? `${file}:${origin.line}:${origin.column}` : file;
  };
  return ok({
    file,
    policy: policy.value,
    placeOf: (id) => placeAt(pathOf(id), "value"),
    placeOfMode: (name) => placeAt(["modes", "rules", name], "key"),
  });
}

const LISTS: ReadonlyMap<string, string> = new Map([
  ["allow", "allow_rules"],
  ["deny", "deny_rules"],
  ["flow", "deny_flows"],
]);

/** Where a rule stands in the document, by its id. */
function pathOf(id: string): readonly string[] | null {
  if (id === "validate/max_arg_bytes") return ["validate", "max_arg_bytes"];
  const [kind = "", index = ""] = id.split("/");
  const list = LISTS.get(kind);
  return list === undefined ? null : [list, index];
}

/** What a rule selects, as it stands in YAML: `tool: get_*, server: crm`. */
export function selectionOf(rule: PortableRule): string {
  const parts = (["tool", "method", "server", "uri"] as const).flatMap((key) => {
    const value = rule[key];
    return value === null ? [] : [`${key}: ${value}`];
  });
  const { risk = null, classification = null, sideEffects = null } = rule.inventory ?? {};
  for (const [key, values] of Object.entries({ risk, classification, side_effects: sideEffects })) {
    if (values !== null) parts.push(`${key}: ${values.join(" or ")}`);
  }
  for (const [bound, value] of rule.session ?? []) parts.push(`session.${bound}: ${value}`);
  for (const [fact, by] of rule.provenance ?? []) {
    parts.push(`provenance.${fact}: ${by.join(" or ")}`);
  }
  for (const { group, name, wanted } of rule.posture ?? []) {
    parts.push(`posture.${group}.${name}: ${wanted}`);
  }
  if (rule.roles.length > 0) parts.push(`roles: ${rule.roles.join(" or ")}`);
  if (rule.scopes.length > 0) parts.push(`scopes: ${rule.scopes.join(" and ")}`);
  return parts.join(", ");
}

export function flowSelectionOf({ from, to }: FlowRule): string {
  return `from: ${from}, to: ${to}`;
}
