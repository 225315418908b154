import type { Constraint, PortableRule } from "../../../policy/portable/policy.ts";

/** Says what a check that failed asks, of the argument at `at`. */
export function failureInWords(
  rule: PortableRule | null,
  { at, check }: { readonly at: string; readonly check: string },
): string {
  const constraint = rule === null ? null : constraintAt(rule, at);
  // What a rule asks beside the message stands nowhere in it.
  return `${at === "" ? "the caller's case" : at} ${checkInWords(check, constraint)}`;
}

/** The constraint that an argument, or an item of it, is held to. */
function constraintAt({ constraints }: PortableRule, at: string): Constraint | null {
  const [, params, list, name = "", ...rest] = at.split("/");
  if (params !== "params" || list !== "arguments") return null;
  let constraint = constraints.get(name.replaceAll("~1", "/").replaceAll("~0", "~")) ?? null;
  for (const _ of rest) constraint = constraint?.items ?? null;
  return constraint;
}

function checkInWords(check: string, constraint: Constraint | null): string {
  switch (check) {
    case "required":
      return "is missing";
    case "type":
      return `is not of type ${constraint?.type ?? "asked for"}`;
    case "enum":
      return `is none of ${constraint?.enum?.map((one) => JSON.stringify(one)).join(", ") ?? "the values"}`;
    case "min":
      return `is no number from ${constraint?.min ?? "the bound"}`;
    case "max":
      return `is no number up to ${constraint?.max ?? "the bound"}`;
    case "min_length":
      return `is shorter than ${constraint?.minLength ?? "the bound"}`;
    case "max_length":
      return `is longer than ${constraint?.maxLength ?? "the bound"}`;
    case "pattern":
      return `does not match ${constraint?.pattern?.source ?? "the pattern"}`;
    case "items":
      return "is no list";
    case "provenance":
      return "comes from elsewhere than the rule's provenance asks";
    case "posture":
      return "runs on a host or a device that is not as the rule's posture asks";
    case "unjudged":
      return "is too long, or too unclear, to be judged";
    default:
      return `fails ${check}`;
  }
}
