import type { Approval, Asked, Obligations, PolicyDecision, Reason } from "../core/policy.ts";
import { err, ok, type Result } from "../core/result.ts";
import { isRecord } from "./json.ts";
import { readPadding } from "./padding.ts";

/** More than any policy says; what goes over it is not a decision. */
const LIST_MAX_ITEMS = 10_000;
const TEXT_MAX_LENGTH = 4096;

const HEADER_NAME = /^[a-z0-9-]{1,128}$/;
/** Those that frame the request, say what MCP says in it, or are set by the proxy and by us. */
const HEADER_NOT_ITS_OWN =
  /^(?:(?:x-zta|mcp|x-envoy|x-forwarded|proxy)-.*|connection|content-.*|host|te|trailer|transfer-encoding|upgrade|keep-alive|expect|accept|accept-encoding|last-event-id|x-request-id)$/;
const HEADER_VALUE = /^[\x20-\x7e]{0,4096}$/;

/**
 * What a policy returned, as a decision; the error is the place that is not as it should be. An
 * unknown member is an error too: a misspelt obligation must not go unheard. `shadow`,
 * `session`, `alias`, `pad` and `approve` may be absent: a bundle that knows nothing of them wants nothing by
 * them.
 */
export function decodeDecision(value: unknown): Result<PolicyDecision, string> {
  if (!hasMembers(value, ["allow", "reasons", "obligations"], OPTIONAL)) return err("decision");
  const { allow } = value;
  if (typeof allow !== "boolean") return err("decision.allow");

  const reasons = decodeReasons(value.reasons);
  if (reasons === null) return err("decision.reasons");
  if (allow && reasons.length > 0) return err("decision.allow with reasons to deny");

  const shadow = value.shadow === undefined ? [] : decodeReasons(value.shadow);
  if (shadow === null) return err("decision.shadow");

  const { session = "keep" } = value;
  if (session !== "keep" && session !== "end") return err("decision.session");

  const obligations = decodeObligations(value.obligations);
  if (obligations === null) return err("decision.obligations");
  const decision = { allow, reasons, shadow, obligations };
  return ok(session === "end" ? { ...decision, endsSession: true } : decision);
}

const OPTIONAL = ["shadow", "session"] as const;

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
  if (!hasMembers(value, ["code", "layer", "rule", "message", "remedy"], ["scopes"])) return null;
  const { code, layer, rule, message, remedy, scopes } = value;
  if (layer !== "policy" && layer !== "firewall") return null;
  if (!isText(code) || !isText(rule) || !isText(message) || !isText(remedy)) return null;
  if (scopes === undefined) return { code, layer, rule, message, remedy };
  return isTexts(scopes) ? { code, layer, rule, message, remedy, scopes } : null;
}

function decodeObligations(value: unknown): Obligations | null {
  const optional = ["alias", "pad", "approve"] as const;
  if (!hasMembers(value, ["redact", "remove", "audit", "headers"], optional)) return null;
  const { redact, remove, audit, headers, alias = [] } = value;
  if (!isPointers(redact) || !isPointers(remove) || !isPointers(alias)) return null;
  if (!isHeaders(headers)) return null;
  if (audit !== "full" && audit !== "keys" && audit !== "none") return null;
  const pad = decodePadding(value.pad ?? []);
  const approve = decodeApproval(value.approve ?? null);
  if (pad === null || approve === undefined) return null;
  return { redact, remove, alias, pad, audit, headers, approve };
}

function decodePadding(value: unknown): Obligations["pad"] | null {
  if (!Array.isArray(value) || value.length > LIST_MAX_ITEMS) return null;
  const schemes = [...new Set<unknown>(value)].map((item) =>
    isText(item) ? readPadding(item) : null,
  );
  return schemes.every((scheme) => scheme !== null) ? schemes : null;
}

/** Undefined for what is none. */
function decodeApproval(value: unknown): Approval | null | undefined {
  if (value === null) return null;
  if (!hasMembers(value, ["asked"], ["granted"])) return undefined;
  const { granted = [] } = value;
  if (!Array.isArray(value.asked) || !isTexts(granted)) return undefined;
  const count = value.asked.length + granted.length;
  if (count === 0 || count > LIST_MAX_ITEMS) return undefined;
  const asked: Asked[] = [];
  for (const item of value.asked) {
    const one = decodeAsked(item);
    if (one === null) return undefined;
    asked.push(one);
  }
  return { asked, granted };
}

function decodeAsked(value: unknown): Asked | null {
  if (!hasMembers(value, ["rule", "message"], ["calls", "minutes", "by"])) return null;
  const { rule, message, calls = null, minutes = null, by = null } = value;
  if (!isText(rule) || !isText(message) || !isLimit(calls) || !isLimit(minutes)) return null;
  if (by !== null && by !== "operator" && by !== "user") return null;
  return { rule, message, calls, minutes, by };
}

function isLimit(value: unknown): value is number | null {
  return value === null || (typeof value === "number" && value > 0);
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.length <= LIST_MAX_ITEMS && value.every(isText);
}

function isPointers(value: unknown): value is readonly string[] {
  if (!Array.isArray(value) || value.length > LIST_MAX_ITEMS) return false;
  return value.every((item) => isText(item) && (item === "" || item.startsWith("/")));
}

function isHeaders(value: unknown): value is { readonly [name: string]: string } {
  if (!isRecord(value)) return false;
  return Object.entries(value).every(
    ([name, text]) =>
      HEADER_NAME.test(name) &&
      !HEADER_NOT_ITS_OWN.test(name) &&
      typeof text === "string" &&
      HEADER_VALUE.test(text),
  );
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value.length <= TEXT_MAX_LENGTH;
}

/** All of `keys`, some of `optional`, and no other. */
function hasMembers<Key extends string, Optional extends string = never>(
  value: unknown,
  keys: readonly Key[],
  optional: readonly Optional[] = [],
): value is { readonly [key in Key]: unknown } & { readonly [key in Optional]?: unknown } {
  if (!isRecord(value)) return false;
  const known = [...keys, ...optional.filter((key) => Object.hasOwn(value, key))];
  if (Object.keys(value).length !== known.length) return false;
  return keys.every((key) => Object.hasOwn(value, key));
}
