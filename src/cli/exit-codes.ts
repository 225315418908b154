import type { StartFailure } from "../server/service.ts";

/**
 * How every command ends; docs/errors.md lists them. What starts the firewall says by its code
 * which part stands against it, so that whoever restarts it knows whom to wake.
 */
export const EXIT = {
  ok: 0,
  failed: 1,
  misused: 2,
  /** The decision log cannot be written, or could not be written to its end. */
  audit: 10,
  /** The policy does not load, or what it runs on is not as it has to be. */
  policy: 11,
  /** Who is calling cannot be told: keys or issuers do not load. */
  identity: 12,
  /** Workers keep ending shortly after their start. */
  workers: 13,
} as const;

export const EXIT_HELP = `exit codes: 0 as asked, 1 failed, 2 misused, 10 the decision log cannot be written,
11 the policy does not load, or the host is not as it has to be, 12 who calls cannot be told,
13 workers keep ending`;

export function exitCodeOf({ part }: StartFailure): number {
  if (part === "posture") return EXIT.policy;
  return part === "service" ? EXIT.failed : EXIT[part];
}
