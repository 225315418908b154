import { expect, test } from "vitest";
import type { PendingApproval, StandingGrant } from "../../../src/core/approvals.ts";
import { createApprovalRoute } from "../../../src/server/approvals-http.ts";
import { APPROVAL_DEFAULTS, createApprovals } from "../../../src/state/approvals.ts";

const TOKEN = ["a", "token", "for", "tests"].join("-");
const SHOWN = `Bearer ${TOKEN}`;

function routeWith(noted = true) {
  const desk = createApprovals({ ...APPROVAL_DEFAULTS, clock: { monotonic: () => 0 } });
  const notes: [string, PendingApproval | StandingGrant][] = [];
  const route = createApprovalRoute({
    desk,
    token: Buffer.from(TOKEN),
    note: (action, about) => {
      notes.push([action, about]);
      return noted;
    },
  });
  const subject = {
    ...{ caller: "alice", session: null, server: "bank", method: "tools/call", name: "transfer" },
    ...{ isNamed: true, policy: "sha256:1", digest: () => "abc" },
  };
  const outcome = desk.ask({
    subject,
    asked: [{ rule: "allow/0", message: "Agree?", calls: null, minutes: null, by: null }],
    ...{ principal: "alice", argumentKeys: ["to"], decisionId: "d1" },
  });
  if (outcome.kind === "unasked") throw new Error("it was not asked");
  const say = async (
    method: string,
    path: string,
    body = "",
    authorization: string | undefined = SHOWN,
  ) => {
    const answer = await route.answer({ method, path, authorization, body: Buffer.from(body) });
    return { status: answer.status, ...JSON.parse(answer.body) };
  };
  return { desk, notes, say, subject, id: outcome.id };
}

test("the route lists, approves and denies, and puts both on record", async () => {
  const { say, id, notes, desk, subject } = routeWith();
  expect(await say("GET", "/approvals")).toMatchObject({
    status: 200,
    pending: [{ id, state: "waiting", principal: "alice", argument_keys: ["to"] }],
    grants: [],
  });
  const word = '{"calls":3,"minutes":2,"any_arguments":true}';
  expect(await say("POST", `/approvals/${id}/approve`, word)).toMatchObject({
    ...{ status: 200, id, by: "operator", calls_left: 3, ends_in_s: 120, any_arguments: true },
  });
  expect(desk.grants(subject)).toHaveLength(1);
  expect(await say("POST", `/approvals/${id}/deny`)).toMatchObject({
    status: 200,
    state: "denied",
  });
  expect(desk.grants(subject)).toEqual([]);
  expect(notes.map(([action]) => action)).toEqual(["approved", "denied"]);
});

test("nothing is approved that cannot be put on record", async () => {
  const { say, id, desk, subject } = routeWith(false);
  expect((await say("POST", `/approvals/${id}/approve`)).status).toBe(503);
  expect(desk.grants(subject)).toEqual([]);
});

test.each([
  { title: "no token", authorization: "", status: 401 },
  { title: "another token", authorization: "Bearer nobody's", status: 401 },
  { title: "the token in another scheme", authorization: `Basic ${TOKEN}`, status: 401 },
])("$title opens nothing", async ({ authorization, status }) => {
  const { say, id, desk } = routeWith();
  expect((await say("GET", "/approvals", "", authorization)).status).toBe(status);
  expect((await say("POST", `/approvals/${id}/approve`, "", authorization)).status).toBe(status);
  expect(desk.grants()).toEqual([]);
});

test("without a token configured nothing is served", async () => {
  const answer = await createApprovalRoute(null).answer({
    ...{ method: "GET", path: "/approvals", authorization: SHOWN, body: Buffer.alloc(0) },
  });
  expect(answer.status).toBe(403);
});

test.each([
  ...['"yes"', "[]", "{", '{"calls":0}', '{"calls":1.5}', '{"calls":1001}', '{"minutes":"5"}'],
  ...['{"minutes":10081}', '{"any_arguments":1}', '{"by":"user"}'],
])("a word that is none is refused: %s", async (body) => {
  const { say, id, desk } = routeWith();
  expect((await say("POST", `/approvals/${id}/approve`, body)).status).toBe(400);
  expect(desk.grants()).toEqual([]);
});

test.each([
  { method: "DELETE", path: "/approvals", status: 405 },
  { method: "GET", path: "/approvals/x", status: 405 },
  { method: "POST", path: "/approvals", status: 404 },
  { method: "POST", path: "/approvals/x/approve", status: 404 },
  { method: "POST", path: "/approvals/x/deny", status: 404 },
  { method: "POST", path: "/approvals/x/bless", status: 404 },
  { method: "POST", path: "/approvals/x/approve/y", status: 404 },
])("$method $path answers $status", async ({ method, path, status }) => {
  expect((await routeWith().say(method, path)).status).toBe(status);
});
