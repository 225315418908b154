import type { Obligations, PolicyDecision, Reason } from "../core/policy.ts";
import { err, ok, type Result } from "../core/result.ts";
import { isRecord } from "./json.ts";

/** More than any policy says; what goes over it is not a decision. */
const LIST_MAX_ITEMS = 10_000;
const TEXT_MAX_LENGTH = 4096;

const HEADER_NAME = /^[a-z0-9-]{1,128}$/;
const HEADER_VALUE = /^[\x20-\x7e]{0,4096}$/;

/**
 * What a policy returned, as a decision; the error is the place that is not as it should be. An
 * unknown member is an error too: a misspelt obligation must not go unheard.
 */
export function decodeDecision(value: unknown): Result<PolicyDecision, string> {
  if (!hasExactly(value, ["allow", "reasons", "obligations"])) return err("decision");
  const { allow } = value;
  if (typeof allow !== "boolean") return err("decision.allow");

  const reasons = decodeReasons(value.reasons);
  if (reasons === null) return err("decision.reasons");
  if (allow && reasons.length > 0) return err("decision.allow with reasons to deny");

  const obligations = decodeObligations(value.obligations);
  if (obligations === null) return err("decision.obligations");
  return ok({ allow, reasons, obligations });
}

function decodeReasons(value: unknown): readonly Reason[] | null {
  if (!Array.isArray(value) || value.length > LIST_MAX_ITEMS) return null;
  const reasons: Reason[] = [];
  for (const item of value) {
    const reason = decodeReason(item);
    if (reason === null) return null;
    reasons.push(reason);
  }
  return reasons;
}

function decodeReason(value: unknown): Reason | null {
  if (!hasExactly(value, ["code", "layer", "rule", "message", "remedy"])) return null;
  const { code, layer, rule, message, remedy } = value;
  if (layer !== "policy" && layer !== "firewall") return null;
  if (!isText(code) || !isText(rule) || !isText(message) || !isText(remedy)) return null;
  return { code, layer, rule, message, remedy };
}

function decodeObligations(value: unknown): Obligations | null {
  if (!hasExactly(value, ["redact", "remove", "audit", "headers"])) return null;
  const { redact, remove, audit, headers } = value;
  if (!isPointers(redact) || !isPointers(remove) || !isHeaders(headers)) return null;
  if (audit !== "full" && audit !== "keys" && audit !== "none") return null;
  return { redact, remove, audit, headers };
}

function isPointers(value: unknown): value is readonly string[] {
  if (!Array.isArray(value) || value.length > LIST_MAX_ITEMS) return false;
  return value.every((item) => isText(item) && (item === "" || item.startsWith("/")));
}

function isHeaders(value: unknown): value is { readonly [name: string]: string } {
  if (!isRecord(value)) return false;
  return Object.entries(value).every(
    ([name, text]) => HEADER_NAME.test(name) && typeof text === "string" && HEADER_VALUE.test(text),
  );
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value.length <= TEXT_MAX_LENGTH;
}

function hasExactly<Key extends string>(
  value: unknown,
  keys: readonly Key[],
): value is { readonly [key in Key]: unknown } {
  if (!isRecord(value) || Object.keys(value).length !== keys.length) return false;
  return keys.every((key) => Object.hasOwn(value, key));
}
