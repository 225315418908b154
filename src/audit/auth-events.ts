import type { AuthEvent, AuthLog } from "../core/auth-log.ts";
import type { Clock } from "../core/ports.ts";
import { assertNever } from "../core/result.ts";
import type { AuthRecord } from "./records.ts";

export interface AuthLogOptions {
  readonly clock: Pick<Clock, "now">;
  /** The same as in decisions, so that the two can be read together. */
  readonly labels: { readonly [label: string]: string };
  readonly subject: (id: string) => string;
  /** `false`: it cannot be taken. */
  readonly write: (record: AuthRecord) => boolean;
}

const REQUEST_ID = /^[\w.:-]{1,128}$/;

/** Writes what happened to callers: pseudonyms in the place of ids, and nothing that was shown. */
export function createAuthLog({ clock, labels, subject, write }: AuthLogOptions): AuthLog {
  const pseudonym = (id: string | null): string | null => (id === null ? null : subject(id));
  return {
    record(event) {
      const { server, principal, session, sourceIp, requestId } = event;
      return write({
        kind: "auth",
        timestamp: new Date(clock.now()).toISOString(),
        event: event.kind,
        outcome: isSuccess(event) ? "success" : "failure",
        labels,
        server,
        principal: pseudonym(principal),
        session: pseudonym(session),
        source_ip: sourceIp,
        request_id: requestId !== null && REQUEST_ID.test(requestId) ? requestId : null,
        details: detailsOf(event),
      });
    },
  };
}

/** NIST SP 800-53 AU-3 asks for the outcome of each event. */
function isSuccess({ kind }: AuthEvent): boolean {
  return kind === "session_opened" || kind === "session_ended" || kind === "identity_changed";
}

/** Names and codes of ours, never text of a peer's. */
function detailsOf(event: AuthEvent): AuthRecord["details"] {
  switch (event.kind) {
    case "token_refused":
      return { method: event.method, code: event.code, before: event.before };
    case "session_opened":
      return { origin: event.origin };
    case "session_ended":
    case "stream_ended":
      return { cause: event.cause };
    case "session_refused":
      return { code: event.code };
    case "session_foreign":
      return {};
    case "identity_changed":
      return { from: event.from, to: event.to, changed: event.changed };
    case "limit_hit":
      return { limit: event.limit, enforced: event.enforced };
    default:
      return assertNever(event);
  }
}
