import { INVENTORY_KEYS, readInventorySelector } from "./inventory-selector.ts";
import type { Constraint, PortableRule } from "./policy.ts";
import { readPostureSelector } from "./posture-selector.ts";
import { readProvenanceSelector } from "./provenance-selector.ts";
import { readConstraint } from "./read-constraint.ts";
import { readMode } from "./read-modes.ts";
import { OBLIGATION_KEYS, readObligations } from "./read-obligations.ts";
import type { Place, Reader } from "./reader.ts";
import { readSessionSelector } from "./session-selector.ts";

const KEYS = [
  ...[
    "tool",
    "server",
    "method",
    "uri",
    "roles",
    "scopes",
    "reason",
    "audit",
    "mode",
    "constraints",
    "session",
    "provenance",
    "posture",
  ],
  ...INVENTORY_KEYS,
  ...OBLIGATION_KEYS,
];
const AUDIT_LEVELS = ["full", "keys", "none"] as const;

/** Reads one rule; its mistakes are noted. */
export function readRule(
  place: Place,
  effect: "allow" | "deny",
  index: number,
  reader: Reader,
): PortableRule {
  const found = reader.mapping(place, KEYS);
  const text = (key: string) => {
    const at = found.get(key);
    return at === undefined ? null : reader.text(at);
  };
  const roles = found.get("roles");
  const constraints = found.get("constraints");
  const audit = found.get("audit");
  const session = found.get("session");
  const provenance = found.get("provenance");
  const posture = found.get("posture");

  checkSelectors(place, found, reader);
  return {
    id: `${effect}/${index}`,
    effect,
    tool: text("tool"),
    method: text("method"),
    server: text("server"),
    uri: text("uri"),
    roles: roles === undefined ? [] : readRoles(roles, reader),
    scopes: readScopes(found.get("scopes"), effect, reader),
    reason: text("reason"),
    inventory: readInventorySelector(found, reader),
    session: session === undefined ? null : readSessionSelector(session, reader),
    provenance: provenance === undefined ? null : readProvenanceSelector(provenance, reader),
    posture: posture === undefined ? null : readPostureSelector(posture, reader),
    audit: audit === undefined ? null : reader.choice(audit, AUDIT_LEVELS),
    mode: readMode(found.get("mode"), effect, reader),
    obligations: readObligations(found, effect, reader),
    constraints: constraints === undefined ? new Map() : readConstraints(constraints, reader),
  };
}

/** A rule that names no tool and no method would be about everything, or about nothing. */
function checkSelectors(place: Place, found: ReadonlyMap<string, Place>, reader: Reader): void {
  const tool = found.get("tool");
  const method = found.get("method");
  const uri = found.get("uri");
  const constraints = found.get("constraints");

  if (tool === undefined && method === undefined) {
    reader.mistake(place, 'a rule names a tool or a method ("*" is every one)');
  }
  if (tool !== undefined && method !== undefined) {
    reader.mistake(method, "a rule with a tool is about tools/call already: leave method out");
  }
  if (uri !== undefined && tool !== undefined) {
    reader.mistake(uri, "a tool has no URI: use it with method, such as resources/read");
  }
  if (constraints !== undefined && tool === undefined) {
    reader.mistake(constraints, "constraints are about a tool's arguments: name the tool");
  }
}

function readRoles(place: Place, reader: Reader): readonly string[] {
  const items = reader.sequence(place);
  if (items.length === 0) {
    reader.mistake(place, "this should name at least one role; without roles it is for anybody");
  }
  return items.map(reader.text).filter((role) => role !== null);
}

function readScopes(
  place: Place | undefined,
  effect: "allow" | "deny",
  reader: Reader,
): readonly string[] {
  if (place === undefined) return [];
  if (effect === "deny") {
    reader.mistake(place, "what lacks a scope is not allowed already: use it in allow_rules");
  }
  const items = reader.sequence(place);
  if (items.length === 0) reader.mistake(place, "this should name at least one scope");
  return items.map((item) => readScope(item, reader)).filter((scope) => scope !== null);
}

/** RFC 6749 section 3.3 */
const SCOPE = /^[\x21\x23-\x5b\x5d-\x7e]{1,256}$/;

function readScope(place: Place, reader: Reader): string | null {
  const scope = reader.text(place);
  if (scope === null || SCOPE.test(scope)) return scope;
  reader.mistake(place, "a scope is up to 256 visible ASCII characters without quotes and \\");
  return null;
}

function readConstraints(place: Place, reader: Reader): ReadonlyMap<string, Constraint> {
  const constraints = new Map<string, Constraint>();
  for (const [name, at] of reader.namedMapping(place)) {
    constraints.set(name, readConstraint(at, reader));
  }
  return constraints;
}
