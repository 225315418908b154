import type { Asked } from "../core/policy.ts";
import { visible } from "./visible.ts";

/** What `GET /approvals` answers. */
export interface Listed {
  readonly pending: readonly ListedApproval[];
  readonly grants: readonly (ListedApproval & {
    readonly by: string;
    readonly calls_left: number;
    readonly ends_in_s: number;
    readonly any_arguments: boolean;
  })[];
}

interface ListedApproval {
  readonly id: string;
  readonly state: string;
  readonly principal: string;
  readonly server: string;
  readonly method: string;
  readonly name: string | null;
  readonly argument_keys: readonly string[];
  readonly asked: readonly Asked[];
  readonly decision_id: string;
  readonly age_s: number;
}

/** Callers chose names and arguments: what a terminal would act on is shown, and not sent. */
export function tableOf({ pending, grants }: Listed): string {
  const waiting = pending.flatMap((one) => {
    const rules = one.asked.map(({ rule, message }) => `    ${rule}: ${message}`);
    return [`${one.id}  ${one.state}, asked ${ageInWords(one.age_s)} ago`, about(one), ...rules];
  });
  const standing = grants.flatMap((one) => {
    const left = `${one.calls_left} left, for ${ageInWords(one.ends_in_s)}`;
    return [`${one.id}  approved by ${one.by}: ${left}`, about(one)];
  });
  const lines = [...waiting, ...standing];
  return lines.length === 0 ? "nothing waits for an answer" : lines.map(visible).join("\n");
}

function about({ principal, server, method, name, argument_keys, decision_id }: ListedApproval) {
  const called = name === null ? method : `${method} ${name}`;
  const keys = argument_keys.length === 0 ? "" : ` (${argument_keys.join(", ")})`;
  return `    ${principal} at ${server}: ${called}${keys}, decision ${decision_id}`;
}

/** Seconds, or minutes from two on. */
export function ageInWords(seconds: number): string {
  return seconds < 120 ? `${seconds} s` : `${Math.round(seconds / 60)} min`;
}
