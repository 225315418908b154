import type { PortableRule } from "../../../policy/portable/policy.ts";

/**
 * Whether every text that `inner` fits, `outer` fits too. Sound, and complete but for globs that
 * say one thing in two ways (`*?` and `?*`).
 */
export function globContains(outer: string, inner: string): boolean {
  // Column by column, as two texts are aligned: which prefixes of `outer` contain this of `inner`.
  let row = Array.from({ length: outer.length + 1 }, () => false);
  row[0] = true;
  closeOverStars(row, outer);
  for (const symbol of inner) {
    const next = Array.from({ length: outer.length + 1 }, () => false);
    for (let at = 0; at < outer.length; at++) {
      const mine = outer[at];
      if (mine === "*") next[at + 1] = row[at] === true || row[at + 1] === true;
      else if (symbol === "*") next[at + 1] = false;
      else if (mine === "?" || mine === symbol) next[at + 1] = row[at] === true;
    }
    closeOverStars(next, outer);
    row = next;
  }
  return row[outer.length] === true;
}

/** A star may stand for nothing. */
function closeOverStars(row: boolean[], outer: string): void {
  for (let at = 0; at < outer.length; at++) {
    if (outer[at] === "*" && row[at] === true) row[at + 1] = true;
  }
}

/** Whether `outer` is about everything that `inner` is about, whoever calls and whatever is sent. */
export function ruleContains(outer: PortableRule, inner: PortableRule): boolean {
  const { inventory, session, provenance, posture } = outer;
  const asksMore = [inventory, session, provenance, posture].some((selector) => selector !== null);
  if (outer.constraints.size > 0 || asksMore) return false;
  const rolesHold =
    outer.roles.length === 0 ||
    (inner.roles.length > 0 && inner.roles.every((role) => outer.roles.includes(role)));
  const scopesHold = outer.scopes.every((scope) => inner.scopes.includes(scope));
  return (
    rolesHold &&
    scopesHold &&
    subjectContains(outer, inner) &&
    contains(outer.server, inner.server) &&
    contains(outer.uri, inner.uri)
  );
}

/** A rule with a tool is about `tools/call`. */
function subjectContains(outer: PortableRule, inner: PortableRule): boolean {
  if (outer.tool !== null) return inner.tool !== null && globContains(outer.tool, inner.tool);
  return globContains(outer.method ?? "*", inner.tool === null ? (inner.method ?? "*") : CALL);
}

const CALL = "tools/call";

/** A selector that is null fits everything. */
function contains(outer: string | null, inner: string | null): boolean {
  return outer === null || globContains(outer, inner ?? "*");
}
