import type { Config } from "../../config/config.ts";
import { isShared } from "../../config/redis.ts";
import type { RateLimit } from "../../core/rate-limit.ts";
import { asksWhoCalls } from "../authentication.ts";
import { concealsPaths } from "../paths.ts";

/**
 * What stands against more than one worker, each with its setting and the way out. A call goes to
 * any worker: what one process alone remembers, the next one would deny, forget or let through.
 * docs/scaling.md has the table, with what each worker may well have for itself.
 */
export function needsOneMemory(config: Config): readonly string[] {
  const { aliases, approvals, sessions, authentication, rateLimits, flow } = config;
  const found: string[] = [];
  if (aliases.key === null) {
    found.push("aliases.key is not set: what one worker conceals no other could reveal");
  }
  const hasAliasesOfItsOwn = aliases.store === "memory" && !isShared(config, "aliases");
  if (hasAliasesOfItsOwn && concealsPaths(config)) {
    found.push("aliases.store is memory: an alias is known to the worker that made it; use sealed");
  }
  if (approvals.token !== null) {
    found.push(
      "approvals.token is set: the admin port of several workers has no questions and takes no answers",
    );
  }
  if (sessions.unknown === "refuse" && !isShared(config, "sessions")) {
    found.push("sessions.unknown is refuse: a session is known to the worker that it began in");
  }
  const takesOnce = authentication.tokens?.issuers.some(({ replay }) => replay === "once") === true;
  if (takesOnce && !isShared(config, "replays")) {
    found.push("authentication: which tokens were used is in one worker's memory");
  }
  if (flow === "on") {
    found.push("flow is on: where a value came from is known to the worker that saw it");
  }
  if (rateLimits.length > 0 && !isShared(config, "limits")) {
    found.push("rate_limits without state.redis: each worker would let as much through");
  }
  return found;
}

/**
 * What each of several workers has for itself, so that N of them let through more than one does. It
 * keeps nobody from asking for N, who reads what it means; unasked it would weaken a limit silently.
 */
export function eachHasForItself(config: Config): readonly string[] {
  const { authenticationFailures, flow, rateLimits, redis } = config;
  const found: string[] = [];
  if (redis === null) {
    found.push("state.redis is not set: what outlives a call would be known to one worker only");
  }
  if (rateLimits.some(({ concurrency }) => concurrency !== null)) {
    found.push("rate_limits: each worker would let as many exchanges be open at a time");
  }
  if (flow === "auto") {
    found.push("flow is auto: a policy with deny_flows would need one worker; it can be off");
  }
  if (!asksWhoCalls(config)) return found;
  if (authenticationFailures.max > 0 && !isShared(config, "failures")) {
    found.push("authentication_failures: an address could try as often in each worker");
  }
  if (!isShared(config, "sessions")) {
    found.push("sessions: each worker would bind a session to the first that comes there with it");
  }
  return found;
}

/** What stands against them in a policy, which is not known before it is loaded, and changes; null for nothing. */
export function policyNeedsOneMemory(
  { redis, flow }: Pick<Config, "redis" | "flow">,
  policy: { readonly asksForFlow: boolean; readonly rateLimits: readonly RateLimit[] },
): string | null {
  if (policy.asksForFlow && flow !== "off") {
    return "the policy has deny_flows, for which one worker has to see all calls: use --workers 1";
  }
  if (policy.rateLimits.length > 0 && !isShared({ redis }, "limits")) {
    return "the policy has rate limits: several workers count together with state.redis only";
  }
  return null;
}
