import { describe, expect, test } from "vitest";
import type { Place } from "../../../src/core/finding.ts";
import type { GuardExemption } from "../../../src/guard/exempt.ts";
import { createGuards, GUARD_NAMES } from "../../../src/guard/guards.ts";
import { hitsOf, leafOf, REQUEST_PLACE, RESULT_PLACE } from "./leaves.ts";

const PII = {
  enabled: true,
  request: true,
  response: true,
  kinds: ["email"] as const,
  denyKeys: [],
  servers: new Map(),
};
const CONFIG = {
  limits: { stringMaxLength: 8 },
  pii: PII,
  redact: null,
  descriptions: {
    actions: {
      hidden: "remove",
      escapes: "remove",
      comments: "remove",
      instructions: "remove",
      links: "remove",
      names: "deny",
      length: "report",
    },
    otherText: "report",
    maxLength: 4096,
  } as const,
  marks: { writingTools: ["write*"] },
  attacks: {
    enabled: true,
    onDetect: "report",
    fields: ["*"],
    results: "report",
    servers: new Map(),
  } as const,
  detect: null,
  exemptions: [],
  plugins: [{ name: "mine", request: () => [] }],
};

test.each([
  { names: "all" as const, created: [...GUARD_NAMES, "mine"] },
  { names: ["secrets", "limits"], created: ["secrets", "limits"] },
  { names: ["mine", "limits"], created: ["mine", "limits"] },
  { names: ["limits", "limits"], created: ["limits"] },
  { names: [], created: [] },
])("createGuards of $names gives $created", ({ names, created }) => {
  const guards = createGuards(names, CONFIG);
  expect(guards.ok && guards.value.map(({ name }) => name)).toEqual(created);
});

test.each(["schema", "paths", "padding"])(
  "createGuards refuses %s as not part of this version",
  (name) => {
    const error = `guard "${name}" is not part of this version`;
    expect(createGuards(["limits", name], CONFIG)).toEqual({ ok: false, error });
  },
);

test("createGuards refuses an unknown name and tells the known ones", () => {
  const error =
    'unknown guard "secret"; known guards: limits, secrets, pii, descriptions, marks, attacks, mine';
  expect(createGuards(["secret"], CONFIG)).toEqual({ ok: false, error });
});

test.each([
  { title: "at the limit passes", text: "12345678", hits: [] },
  {
    title: "over the limit is found, and not edited",
    text: "123456789",
    hits: [{ kind: "string_too_long", severity: "high", start: 0, end: 9, replacement: null }],
  },
])("a string $title", ({ text, hits }) => {
  const guards = createGuards(["limits"], CONFIG);
  expect(guards.ok && guards.value.flatMap((guard) => hitsOf(guard, leafOf(text)))).toEqual(hits);
});

describe("guard_exemptions", () => {
  const mail = leafOf("ana@example.com");

  function isSilent(exemption: Partial<GuardExemption>, place: Partial<Place> = {}): boolean {
    const all = { guard: "pii", server: null, tool: null, direction: null };
    const exemptions = [{ ...all, ...exemption }];
    const guards = createGuards(["pii"], { ...CONFIG, exemptions });
    const [guard] = guards.ok ? guards.value : [];
    return guard?.response?.(mail, { ...RESULT_PLACE, ...place }).length === 0;
  }

  test.each([
    { exemption: {}, silent: true },
    { exemption: { server: "files" }, silent: true },
    { exemption: { server: "crm" }, silent: false },
    { exemption: { tool: "read_*" }, silent: true },
    { exemption: { tool: "write_*" }, silent: false },
    { exemption: { direction: "response" as const }, silent: true },
    { exemption: { direction: "request" as const }, silent: false },
    { exemption: { server: "crm", tool: "read_*" }, silent: false },
    { exemption: { guard: "secrets" }, silent: false },
  ])("$exemption silences the guard: $silent", ({ exemption, silent }) => {
    expect(isSilent(exemption)).toBe(silent);
  });

  test("by tool do not cover a message without one, or with an endless name", () => {
    expect(isSilent({ tool: "*" }, { tool: null })).toBe(false);
    expect(isSilent({ tool: "*" }, { tool: "a".repeat(300) })).toBe(false);
  });

  test("of an unknown guard are refused", () => {
    const exemptions = [{ guard: "pi", server: null, tool: null, direction: null }];
    const guards = createGuards("all", { ...CONFIG, exemptions });
    expect(guards).toMatchObject({ error: expect.stringContaining('unknown guard "pi"') });
  });

  test("leave everything else as it was", () => {
    const exemptions = [{ guard: "pii", server: null, tool: "x", direction: null }];
    const guards = createGuards(["pii", "limits"], { ...CONFIG, exemptions });
    const hits = guards.ok && guards.value.flatMap((one) => one.request?.(mail, REQUEST_PLACE));
    expect(hits).toMatchObject([{ kind: "email" }, { kind: "string_too_long" }]);
  });
});
