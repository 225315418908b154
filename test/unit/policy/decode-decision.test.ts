import { expect, test } from "vitest";
import { decodeDecision } from "../../../src/policy/decode-decision.ts";

const reason = {
  code: "not_allowed",
  layer: "policy",
  rule: "mcp.rules.not_allowed",
  message: "No rule allows this.",
  remedy: "Add one.",
};
const obligations = {
  redact: ["/params/a"],
  remove: [""],
  audit: "full",
  headers: { "x-team": "a b" },
  alias: ["/result/structuredContent/path"],
  pad: [],
  approve: {
    asked: [{ rule: "mcp.rules.two_eyes", message: "Agree?", calls: 1, minutes: null, by: "user" }],
    granted: ["appr-1"],
  },
};
const deny = { allow: false, reasons: [reason], shadow: [], obligations };

test.each([
  { title: "a denial", value: deny },
  { title: "an allowance", value: { ...deny, allow: true, reasons: [] } },
  { title: "a denial without a reason", value: { ...deny, reasons: [] } },
  {
    title: "an allowance with what would have denied it",
    value: { ...deny, allow: true, reasons: [], shadow: [reason] },
  },
])("decodeDecision takes $title as it is", ({ value }) => {
  expect(decodeDecision(value)).toEqual({ ok: true, value });
});

test.each([
  { session: "end", want: { ...deny, endsSession: true } },
  { session: "keep", want: deny },
])("decodeDecision reads what becomes of the session: $session", ({ session, want }) => {
  expect(decodeDecision({ ...deny, session })).toEqual({ ok: true, value: want });
});

test("decodeDecision takes a decision of a bundle that knows nothing of shadow and approvals", () => {
  const { approve, alias, pad, ...older } = obligations;
  expect(decodeDecision({ allow: false, reasons: [reason], obligations: older })).toEqual({
    ok: true,
    value: { ...deny, obligations: { ...older, alias: [], pad: [], approve: null } },
  });
});

test("decodeDecision reads padding schemes as a policy names them", () => {
  const named = ["padme", "constant:4096", "step:65536,1024", "padme"];
  const decided = decodeDecision({ ...deny, obligations: { ...obligations, pad: named } });
  expect(decided.ok ? decided.value.obligations.pad : null).toEqual([
    { kind: "padme" },
    { kind: "constant", blockBytes: 4096 },
    { kind: "step", sizes: [1024, 65536] },
  ]);
});

test.each([
  { title: "nothing", value: undefined, error: "decision" },
  { title: "a list", value: [deny], error: "decision" },
  { title: "a member too few", value: { allow: true, reasons: [] }, error: "decision" },
  { title: "a member too many", value: { ...deny, approve: true }, error: "decision" },
  { title: "an allow of 1", value: { ...deny, allow: 1 }, error: "decision.allow" },
  {
    title: "an allowance with reasons to deny",
    value: { ...deny, allow: true },
    error: "decision.allow with reasons to deny",
  },
  { title: "reasons as an object", value: { ...deny, reasons: {} }, error: "decision.reasons" },
  {
    title: "a reason of an unknown layer",
    value: { ...deny, reasons: [{ ...reason, layer: "other" }] },
    error: "decision.reasons",
  },
  {
    title: "a reason without remedy",
    value: { ...deny, reasons: [{ ...reason, remedy: null }] },
    error: "decision.reasons",
  },
  {
    title: "a message without end",
    value: { ...deny, reasons: [{ ...reason, message: "x".repeat(4097) }] },
    error: "decision.reasons",
  },
  {
    title: "a pointer that is none",
    value: { ...deny, obligations: { ...obligations, redact: ["params"] } },
    error: "decision.obligations",
  },
  {
    title: "an unknown audit level",
    value: { ...deny, obligations: { ...obligations, audit: "some" } },
    error: "decision.obligations",
  },
  {
    title: "a header that breaks the line",
    value: { ...deny, obligations: { ...obligations, headers: { "x-a": "b\r\nx-c: d" } } },
    error: "decision.obligations",
  },
  {
    title: "a word on the session that nobody knows",
    value: { ...deny, session: "pause" },
    error: "decision.session",
  },
  {
    title: "a shadow that is no list of reasons",
    value: { ...deny, shadow: ["high_entropy"] },
    error: "decision.shadow",
  },
  ...[true, {}, { asked: [] }, { asked: [{ rule: "r" }] }].map((approve) => ({
    title: `an approval that is ${JSON.stringify(approve)}`,
    value: { ...deny, obligations: { ...obligations, approve } },
    error: "decision.obligations",
  })),
  ...[
    { asked: [{ rule: "r", message: "m", calls: 0 }] },
    { asked: [{ rule: "r", message: "m", by: "me" }] },
    { asked: [], granted: [1] },
  ].map((approve) => ({
    title: `an approval on terms that are none: ${JSON.stringify(approve)}`,
    value: { ...deny, obligations: { ...obligations, approve } },
    error: "decision.obligations",
  })),
  ...[
    "off",
    "constant",
    "constant:15",
    "constant:64,128",
    "step:",
    "padme:1",
    "step:2097152",
    1,
  ].map((scheme) => ({
    title: `a padding scheme that is none: ${scheme}`,
    value: { ...deny, obligations: { ...obligations, pad: [scheme] } },
    error: "decision.obligations",
  })),
  {
    title: "an alias that is no pointer",
    value: { ...deny, obligations: { ...obligations, alias: ["path"] } },
    error: "decision.obligations",
  },
  ...["host", "content-length", "x-zta-policy", "mcp-session-id", "transfer-encoding"].map(
    (name) => ({
      title: `a header that is not the policy's to set: ${name}`,
      value: { ...deny, obligations: { ...obligations, headers: { [name]: "1" } } },
      error: "decision.obligations",
    }),
  ),
  {
    title: "a header of a bad name",
    value: { ...deny, obligations: { ...obligations, headers: { "X A": "b" } } },
    error: "decision.obligations",
  },
])("decodeDecision refuses $title", ({ value, error }) => {
  expect(decodeDecision(value)).toEqual({ ok: false, error });
});
