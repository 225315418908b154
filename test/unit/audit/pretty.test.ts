import { expect, test } from "vitest";

import { createEventBuilder, type DecisionFacts } from "../../../src/audit/event.ts";
import { formatDecision } from "../../../src/audit/pretty.ts";
import type { PinKind, PinNotice } from "../../../src/core/inventory.ts";
import { CLOCK, exampleFacts, exampleInput, SUBJECT_KEY } from "./example.ts";

const builder = createEventBuilder({ clock: CLOCK, labels: {}, subjectKey: SUBJECT_KEY });
const PLAIN = { color: false, width: 200 };

const finding = {
  guard: "secrets",
  kind: "aws-access-key",
  at: "/params/arguments/text",
  action: "redacted",
  severity: "high",
  length: 20,
  value: null,
} as const;
const reason = {
  code: "tool_banned",
  layer: "policy",
  rule: "r",
  message: "m",
  remedy: "r",
} as const;

function notice(kind: PinKind, tool: string): PinNotice {
  return { kind, tool, index: 0, before: null, after: null, diff: null, otherServer: null };
}

const UNPINNED = [notice("unpinned", "a"), notice("unpinned", "b")];

function message(change: Partial<ReturnType<typeof exampleInput>["message"]>): DecisionFacts {
  return exampleFacts({ ...exampleInput(), message: { ...exampleInput().message, ...change } });
}

test.each([
  {
    title: "an allowed call",
    facts: exampleFacts(),
    line: "10:00:01.234 ✓ allow  files      tools/call read_file 5 µs",
  },
  {
    title: "a denied call with its codes",
    facts: { ...exampleFacts(), decision: { allow: false, reasons: [reason, reason] } },
    line: "10:00:01.234 ✗ deny   files      tools/call read_file tool_banned tool_banned 5 µs",
  },
  {
    title: "an allowed call that rules in shadow would deny",
    facts: { ...exampleFacts(), decision: { allow: true, reasons: [], shadow: [reason] } },
    line: "10:00:01.234 ✓ allow  files      tools/call read_file would-deny:tool_banned 5 µs",
  },
  {
    title: "a redaction with what was redacted",
    facts: { ...exampleFacts(), findings: [finding, finding, { ...finding, kind: "jwt" }] },
    line: "10:00:01.234 ~ redact files      tools/call read_file -aws-access-key×2 -jwt 5 µs",
  },
  {
    title: "a finding that was left, which is no redaction",
    facts: { ...exampleFacts(), findings: [{ ...finding, action: "found" as const }] },
    line: "10:00:01.234 ✓ allow  files      tools/call read_file 5 µs",
  },
  {
    title: "what a listing gives rise to",
    facts: { ...exampleFacts(), pins: [notice("drifted", "a\u001bb"), ...UNPINNED] },
    line: "10:00:01.234 ✓ allow  files      tools/call read_file !drifted:‹3 B› !unpinned×2 5 µs",
  },
  {
    title: "an edit without a finding",
    facts: {
      ...exampleFacts(),
      edits: [{ pointer: "/a", rule: "r", action: "remove", length: 1 }],
    },
    line: "10:00:01.234 ~ redact files      tools/call read_file 1 edited 5 µs",
  },
  {
    title: "a response",
    facts: exampleFacts({ ...exampleInput(), phase: "response" }),
    line: "10:00:01.234 ✓ allow  files      ↩ tools/call read_file 5 µs",
  },
  {
    title: "a message without method",
    facts: message({ kind: "open_stream", method: null, tool: null }),
    line: "10:00:01.234 ✓ allow  files      open_stream 5 µs",
  },
  {
    title: "a name that may not be shown",
    facts: message({ tool: "\u001b[31mred" }),
    line: "10:00:01.234 ✓ allow  files      tools/call ‹8 B› 5 µs",
  },
  {
    title: "an exchange without input or timers",
    facts: { ...exampleFacts(null), metrics: {} },
    line: "10:00:01.234 ✓ allow  files      -",
  },
])("$title is one line", ({ facts, line }) => {
  expect(formatDecision(builder.build(facts), PLAIN)).toBe(line);
});

test.each(["\u001b[2J", "a\nb", "\u202egnp.exe", "\u2028", "\u009b31m"])(
  "a terminal is not steered by %j, wherever it stands",
  (text) => {
    const event = builder.build({
      ...exampleFacts(null),
      server: text,
      decision: { allow: false, reasons: [{ ...reason, code: text }] },
      findings: [{ ...finding, kind: text }],
    });
    expect(formatDecision(event, PLAIN)).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
  },
);

test("a line is cut to the terminal's width, in colour as without", () => {
  const event = builder.build(exampleFacts());
  const plain = formatDecision(event, { color: false, width: 40 });
  expect(plain).toBe("10:00:01.234 ✓ allow  files      tools/…");

  const coloured = formatDecision(event, { color: true, width: 40 });
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the escapes are what is looked for
  expect(coloured.replace(/\u001b\[\d+m/g, "")).toBe(plain);
  expect(coloured).toContain("\u001b[32m✓ allow ");
});
