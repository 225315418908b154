import type { Config } from "../../config/config.ts";
import type { RateLimit } from "../../core/rate-limit.ts";
import { concealsPaths } from "../paths.ts";

/**
 * What stands against more than one worker, each with its setting and the way out. A call goes to
 * any worker: what one process alone remembers, the next one would deny, forget or let through.
 * docs/scaling.md has the table, with what each worker may well have for itself.
 */
export function needsOneMemory(config: Config): readonly string[] {
  const { aliases, approvals, sessions, authentication, rateLimits, redis, flow } = config;
  const found: string[] = [];
  if (aliases.key === null) {
    found.push("aliases.key is not set: what one worker conceals no other could reveal");
  }
  if (aliases.store === "memory" && concealsPaths(config)) {
    found.push("aliases.store is memory: an alias is known to the worker that made it; use sealed");
  }
  if (approvals.token !== null) {
    found.push("approvals.token is set: questions and grants are in one worker's memory");
  }
  if (sessions.unknown === "refuse") {
    found.push("sessions.unknown is refuse: a session is known to the worker that it began in");
  }
  if (authentication.tokens?.issuers.some(({ replay }) => replay === "once") === true) {
    found.push("authentication: which tokens were used is in one worker's memory");
  }
  if (flow === "on") {
    found.push("flow is on: where a value came from is known to the worker that saw it");
  }
  if (rateLimits.length > 0 && redis === null) {
    found.push("rate_limits without state.redis: each worker would let as much through");
  }
  return found;
}

/** The same of a policy, which is not known before it is loaded, and changes; null for nothing. */
export function policyNeedsOneMemory(
  { redis, flow }: Pick<Config, "redis" | "flow">,
  policy: { readonly asksForFlow: boolean; readonly rateLimits: readonly RateLimit[] },
): string | null {
  if (policy.asksForFlow && flow !== "off") {
    return "the policy has deny_flows, for which one worker has to see all calls: use --workers 1";
  }
  if (policy.rateLimits.length > 0 && redis === null) {
    return "the policy has rate limits: several workers count together with state.redis only";
  }
  return null;
}
