import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { createAuthLog } from "../../../src/audit/auth-events.ts";
import { formatRecord } from "../../../src/audit/pretty.ts";
import { createPseudonyms } from "../../../src/audit/pseudonym.ts";
import type { AuthRecord } from "../../../src/audit/records.ts";
import { verifyFiles } from "../../../src/audit/verify-files.ts";
import type { AuthContext, AuthEvent } from "../../../src/core/auth-log.ts";
import { checkRecord, expectValid } from "../../support/decision-event.ts";
import { KEYS, openTestLog, temporaryFolder } from "../../support/decision-log.ts";
import { CLOCK, SUBJECT_KEY } from "./example.ts";

const PLAIN = { color: false, width: 200 };
const subject = createPseudonyms(SUBJECT_KEY);

const AT: AuthContext = {
  server: "files",
  principal: "ana@example.org",
  session: "s-1",
  sourceIp: "10.0.0.7",
  requestId: "r-1",
};

type Happened<Kind> = Kind extends AuthEvent["kind"] ? Extract<AuthEvent, { kind: Kind }> : never;
type Bare = { [Kind in AuthEvent["kind"]]: Omit<Happened<Kind>, keyof AuthContext> };

/** One of each kind: a new kind is a compile error here. */
const EACH: Bare = {
  token_refused: { kind: "token_refused", method: "jwt", code: "expired", before: 3 },
  session_opened: { kind: "session_opened", origin: "initialize" },
  session_ended: { kind: "session_ended", cause: "foreign" },
  session_foreign: { kind: "session_foreign" },
  session_refused: { kind: "session_refused", code: "session_unknown" },
  identity_changed: {
    kind: "identity_changed",
    from: "jwt",
    to: "mtls",
    changed: ["authenticated_by", "roles"],
  },
  limit_hit: { kind: "limit_hit", limit: "per_minute", enforced: true },
  stream_ended: { kind: "stream_ended", cause: "credential_expired" },
};
const EVENTS = Object.values(EACH).map((bare) => ({ ...bare, ...AT }) as AuthEvent);

function recordOf(event: AuthEvent): AuthRecord {
  const records: AuthRecord[] = [];
  const write = (record: AuthRecord) => records.push(record) > 0;
  const log = createAuthLog({ clock: CLOCK, labels: { version: "0" }, subject, write });
  expect(log.record(event)).toBe(true);
  const [record] = records;
  if (record === undefined) throw new Error("nothing was written");
  return record;
}

describe("what happened to a caller", () => {
  test.each(EVENTS)("is a line of the published schema: $kind", (event) => {
    const record = recordOf(event);
    checkRecord(record);
    expect(record.event).toBe(event.kind);
  });

  test("has nobody's name in it, and the same pseudonyms as decisions", () => {
    const text = EVENTS.map((event) => JSON.stringify(recordOf(event))).join("\n");
    expect(text).not.toMatch(/ana@example|s-1/);
    expect(recordOf({ kind: "session_foreign", ...AT })).toMatchObject({
      outcome: "failure",
      principal: subject("ana@example.org"),
      session: subject("s-1"),
      source_ip: "10.0.0.7",
      request_id: "r-1",
      details: {},
    });
  });

  test("may be of nobody, nowhere; an id that is none stays out", () => {
    const nobody = { server: null, principal: null, session: null, sourceIp: null };
    const record = recordOf({ ...EACH.token_refused, ...nobody, requestId: "no id\n" });
    checkRecord(record);
    expect(record).toMatchObject({ principal: null, session: null, request_id: null });
  });

  test.each([
    { kind: "session_opened", line: "@ auth   files      session_opened origin=initialize" },
    {
      kind: "identity_changed",
      line: "@ auth   files      identity_changed from=jwt to=mtls changed=authenticated_by,roles",
    },
    { kind: "limit_hit", line: "@ auth   files      limit_hit limit=per_minute enforced=true" },
  ] as const)("is one line for a person: $kind", ({ kind, line }) => {
    const record = recordOf({ ...EACH[kind], ...AT } as AuthEvent);
    expect(formatRecord({ ...record, seq: 1 }, PLAIN)).toBe(`10:00:01.234 ${line}`);
  });

  test("is told as it is when the log cannot take it", () => {
    const log = createAuthLog({ clock: CLOCK, labels: {}, subject, write: () => false });
    expect(log.record({ kind: "session_foreign", ...AT })).toBe(false);
  });
});

test("the account is in the same chain as the decisions, and proved with it", async () => {
  using folder = temporaryFolder();
  const path = folder.at("log.jsonl");
  const sink = openTestLog([path]);
  const write = sink.account.bind(sink);
  const log = createAuthLog({ clock: CLOCK, labels: {}, subject, write });
  for (const event of EVENTS) expect(log.record(event)).toBe(true);
  expect(await sink.close()).toBe(true);
  expect(log.record({ kind: "session_foreign", ...AT })).toBe(false);
  const lines = readFileSync(path, "utf8").trimEnd().split("\n");
  for (const line of lines) expectValid(line);
  const auth = lines.filter((line) => line.includes('"kind":"auth"'));
  expect(auth).toHaveLength(EVENTS.length);

  const options = { keys: KEYS.publicKeys, isLive: false, isPartial: false };
  expect(await verifyFiles([path], options)).toMatchObject({ ok: true });
});
