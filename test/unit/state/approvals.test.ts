import { describe, expect, test } from "vitest";
import type { ApprovalQuestion, ApprovalSubject } from "../../../src/core/approvals.ts";
import type { Asked } from "../../../src/core/policy.ts";
import { APPROVAL_DEFAULTS, createApprovals } from "../../../src/state/approvals.ts";

const ASKED: Asked = { rule: "allow/0", message: "Agree?", calls: null, minutes: null, by: null };

function subjectOf(different: Partial<ApprovalSubject> = {}): ApprovalSubject {
  return {
    caller: "alice",
    isNamed: true,
    session: "s1",
    server: "bank",
    method: "tools/call",
    name: "transfer",
    policy: "sha256:1",
    digest: () => "abc",
    ...different,
  };
}

function questionOf(
  subject: ApprovalSubject = subjectOf(),
  asked: Partial<Asked> = {},
): ApprovalQuestion {
  const about = { principal: "alice", argumentKeys: ["to"], decisionId: "d1" };
  return { subject, asked: [{ ...ASKED, ...asked }], ...about };
}

const WORD = { by: "operator", calls: null, minutes: null, anyArguments: false } as const;

function memory(bounds: Partial<typeof APPROVAL_DEFAULTS> = {}) {
  let now = 0;
  const approvals = createApprovals({
    ...{ ...APPROVAL_DEFAULTS, ...bounds },
    clock: { monotonic: () => now },
  });
  const asked = (question = questionOf()): string => {
    const outcome = approvals.ask(question);
    if (outcome.kind === "unasked") throw new Error("it was not asked");
    return outcome.id;
  };
  return { approvals, asked, pass: (seconds: number) => (now += seconds * 1000) };
}

test("callers without a name leave room for the questions of those with one", () => {
  const { approvals } = memory({ questionsMax: 4 as 1024 });
  const ask = (caller: string, isNamed: boolean) =>
    approvals.ask(questionOf(subjectOf({ caller, isNamed }))).kind;
  expect(["::1", "::2", "::3"].map((address) => ask(address, false))).toEqual([
    "waiting",
    "waiting",
    "unasked",
  ]);
  expect(["ana", "bo", "cy"].map((name) => ask(name, true))).toEqual([
    "waiting",
    "waiting",
    "unasked",
  ]);
});

describe("a question", () => {
  test("has an id that nobody guesses, and the same one when it is asked again", () => {
    const { approvals, asked } = memory();
    const id = asked();
    expect(id).toMatch(/^appr-[0-9a-f]{32}$/);
    expect(asked()).toBe(id);
    expect(asked(questionOf(subjectOf({ digest: () => "other" })))).not.toBe(id);
    expect(approvals.pending()).toHaveLength(2);
    expect(approvals.grants(subjectOf())).toEqual([]);
  });

  test("ends by itself, and its answer comes too late", () => {
    const { approvals, asked, pass } = memory();
    const id = asked();
    pass(900);
    expect(approvals.pending()).toEqual([]);
    expect(approvals.approve(id, WORD)).toBeNull();
  });

  test("stays denied for as long as it would have waited", () => {
    const { approvals, asked, pass } = memory();
    const id = asked();
    expect(approvals.deny(id)?.state).toBe("denied");
    expect(approvals.ask(questionOf())).toEqual({ kind: "denied", id });
    expect(approvals.approve(id, WORD)).toBeNull();
    pass(900);
    expect(approvals.ask(questionOf()).kind).toBe("waiting");
  });

  test("is not asked where too many of the caller, or of all, wait, nor on too large a request", () => {
    const { approvals } = memory({ questionsOfCallerMax: 2 as 32, questionsMax: 3 as 1024 });
    const outcomes = ["1", "2", "3"].map((digest) =>
      approvals.ask(questionOf(subjectOf({ digest: () => digest }))),
    );
    expect(outcomes.map(({ kind }) => kind)).toEqual(["waiting", "waiting", "unasked"]);
    const bob = (digest: string) =>
      approvals.ask(questionOf(subjectOf({ caller: "bob", digest: () => digest }))).kind;
    expect([bob("1"), bob("2")]).toEqual(["waiting", "unasked"]);
    expect(memory().approvals.ask(questionOf(subjectOf({ digest: () => null }))).kind).toBe(
      "unasked",
    );
  });
});

describe("a grant", () => {
  test("is for just the request that was asked about", () => {
    const { approvals, asked } = memory();
    const id = asked();
    approvals.approve(id, WORD);
    expect(approvals.pending()).toEqual([]);
    expect(approvals.grants(subjectOf())).toEqual([
      { id, rule: "allow/0", by: "operator", age_s: 0, used: 0, calls_left: 1 },
    ]);
    for (const different of [
      { caller: "bob" },
      { session: "s2" },
      { session: null },
      { server: "shop" },
      { method: "prompts/get" },
      { name: "delete" },
      { policy: "sha256:2" },
      { digest: () => "other" },
      { digest: () => null },
    ]) {
      expect(approvals.grants(subjectOf(different))).toEqual([]);
      expect(approvals.use(id, subjectOf(different))).toBeNull();
    }
  });

  test("is used up", () => {
    const { approvals, asked } = memory();
    const id = asked();
    approvals.approve(id, { ...WORD, calls: 2 });
    expect(approvals.use(id, subjectOf())?.calls_left).toBe(2);
    expect(approvals.grants(subjectOf())).toMatchObject([{ used: 1, calls_left: 1 }]);
    expect(approvals.use(id, subjectOf())?.calls_left).toBe(1);
    expect(approvals.use(id, subjectOf())).toBeNull();
    expect(approvals.grants()).toEqual([]);
  });

  test("ends after its minutes, and grows old until then", () => {
    const { approvals, asked, pass } = memory();
    const id = asked();
    approvals.approve(id, { ...WORD, minutes: 2 });
    pass(119);
    expect(approvals.grants(subjectOf())).toMatchObject([{ age_s: 119 }]);
    pass(1);
    expect(approvals.grants(subjectOf())).toEqual([]);
    expect(approvals.use(id, subjectOf())).toBeNull();
  });

  test("holds as long as the rule says, where whoever agrees says nothing", () => {
    const { approvals, asked } = memory();
    const id = asked(questionOf(subjectOf(), { calls: 5, minutes: 10 }));
    expect(approvals.approve(id, WORD)).toMatchObject({ callsLeft: 5, endsInS: 600 });
  });

  test("holds for any arguments where that was said", () => {
    const { approvals, asked } = memory();
    approvals.approve(asked(), { ...WORD, calls: 2, anyArguments: true });
    expect(approvals.grants(subjectOf({ digest: () => "other" }))).toHaveLength(1);
    expect(approvals.grants(subjectOf({ name: "delete" }))).toEqual([]);
  });

  test("is not the operator's to give where the rule asks the user", () => {
    const { approvals, asked } = memory();
    expect(approvals.approve(asked(questionOf(subjectOf(), { by: "user" })), WORD)).toBeNull();
  });

  test("can be taken back, and no more than so many stand", () => {
    const { approvals, asked } = memory({ grantsMax: 1 as 4096 });
    const id = asked();
    approvals.approve(id, WORD);
    const other = asked(questionOf(subjectOf({ name: "delete" })));
    expect(approvals.approve(other, WORD)).toBeNull();
    expect(approvals.deny(id)?.id).toBe(id);
    expect(approvals.grants(subjectOf())).toEqual([]);
    expect(approvals.approve(other, WORD)).toMatchObject({ id: other });
    expect(approvals.deny("appr-0")).toBeNull();
  });
});
