import { readFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parse as parseYaml } from "yaml";
import { parsePortable } from "../../../../src/policy/portable/parse.ts";

const HEAD = 'policy_id: test\nversion: "1"\ndefault: deny\n';

const schema: object = JSON.parse(
  readFileSync(new URL("../../../../schemas/policy.json", import.meta.url), "utf8"),
);
const validate = new Ajv2020({ strictTypes: false, strictRequired: false }).compile(schema);

test("parsePortable reads every field", () => {
  const text = `policy_id: customer_support
version: "1.0"
default: deny
unknown_methods: allow
validate: { reject_unknown_args: false, max_arg_bytes: 16384 }
allow_rules:
  - tool: get_user
    server: crm
    roles: [support, admin]
    constraints: { user_id: { type: string, required: true, pattern: "^EMP[0-9]{6}$" } }
  - method: resources/read
    uri: "file:///projects/*"
deny_rules: [ { tool: delete_*, reason: User deletion not permitted } ]
deny_flows: [ { from: crm, to: "web*", mode: shadow }, { from: hr, reason: Salaries stay } ]
modes: { servers: { crm: shadow }, rules: { high_entropy: "off", deny/0: shadow } }
clearance: { default: PUBLIC, roles: { hr: SENSITIVE }, unclassified: INTERNAL, redact: [/result/a] }
rate_limit: { enabled: false, limit_per_minute: 60 }
redact: { enabled: true, deny_keys: [password, token], pii_emails: true }
detect_attacks: { enabled: true, on_detect: report, fields: [sql, "*url"] }
`;
  expect(validate(parseYaml(text))).toBe(true);
  const nothing = { tool: null, method: null, server: null, uri: null, reason: null };
  const rule = {
    ...nothing,
    roles: [],
    scopes: [],
    inventory: null,
    session: null,
    provenance: null,
    posture: null,
    audit: null,
    mode: null,
    obligations: null,
  };
  expect(parsePortable(text, "p.yaml")).toEqual({
    ok: true,
    value: {
      policyId: "customer_support",
      version: "1.0",
      default: "deny",
      unknownMethods: "allow",
      maxArgumentBytes: 16384,
      rejectUnknownArguments: false,
      rateLimits: [],
      allowRules: [
        {
          ...rule,
          id: "allow/0",
          effect: "allow",
          tool: "get_user",
          server: "crm",
          roles: ["support", "admin"],
          constraints: new Map([
            [
              "user_id",
              {
                type: "string",
                required: true,
                pattern: {
                  source: "^EMP[0-9]{6}$",
                  steps: expect.any(Number),
                  test: expect.any(Function),
                },
                enum: null,
                min: null,
                max: null,
                minLength: null,
                maxLength: null,
                items: null,
              },
            ],
          ]),
        },
        {
          ...rule,
          id: "allow/1",
          effect: "allow",
          method: "resources/read",
          uri: "file:///projects/*",
          constraints: new Map(),
        },
      ],
      denyFlows: [
        { id: "flow/0", from: "crm", to: "web*", reason: null, mode: "shadow" },
        { id: "flow/1", from: "hr", to: "*", reason: "Salaries stay", mode: null },
      ],
      denyRules: [
        {
          ...rule,
          id: "deny/0",
          effect: "deny",
          tool: "delete_*",
          reason: "User deletion not permitted",
          mode: "shadow",
          constraints: new Map(),
        },
      ],
      redact: { denyKeys: ["password", "token"], emails: true },
      detect: { onDetect: "report", fields: ["sql", "*url"] },
      modes: {
        rules: new Map([["high_entropy", "off"]]),
        servers: new Map([["crm", "shadow"]]),
      },
      maxArgumentBytesMode: null,
      clearance: {
        default: "PUBLIC",
        roles: new Map([["hr", "SENSITIVE"]]),
        principals: new Map(),
        unclassified: "INTERNAL",
        redact: ["/result/a"],
      },
    },
  });
});

test("parsePortable reads JSON", () => {
  const text = JSON.stringify({ policy_id: "a", version: "1", default: "allow" });
  expect(parsePortable(text, "p.json")).toMatchObject({ ok: true, value: { default: "allow" } });
});

test("parsePortable tells every mistake at once, each in its place", () => {
  const text = `policy_id: test
version: 1
defualt: deny
allow_rules:
  - tol: read
  - tool: read
    roles: []
rate_limit: { enabled: true }
`;
  const parsed = parsePortable(text, "p.yaml");
  expect(
    parsed.ok
      ? []
      : parsed.error.map(({ line, column, path, message }) => [line, column, path, message]),
  ).toEqual([
    [3, 1, "defualt", "there is no such key: did you mean default?"],
    [2, 10, "version", "this should be a text of 1 to 1024 characters, in quotes"],
    [1, 1, "default", "default is missing"],
    [5, 5, "allow_rules[0].tol", "there is no such key: did you mean tool?"],
    [5, 5, "allow_rules[0]", 'a rule names a tool or a method ("*" is every one)'],
    [
      7,
      12,
      "allow_rules[1].roles",
      "this should name at least one role; without roles it is for anybody",
    ],
    [8, 13, "rate_limit", "limit_per_minute is missing: how much is allowed"],
  ]);
});

describe("parsePortable and the published schema both", () => {
  test.each([
    "",
    "validate: { max_arg_bytes: 10 }",
    "unknown_methods: deny",
    "allow_rules: []",
    "allow_rules: [{ method: '*' }]",
    "allow_rules: [{ tool: a, audit: none }, { tool: b, audit: full }, { tool: c, audit: keys }]",
    "allow_rules: [{ tool: a, constraints: { x: { enum: [1, a, null, true] } } }]",
    "allow_rules: [{ tool: a, constraints: { x: { items: { type: integer, min: 1 } } } }]",
    "deny_rules: [{ method: resources/*, uri: 'https://*', server: a?, roles: [x], reason: no }]",
    "validate: { reject_unknown_args: true }",
    "redact: { enabled: false, deny_keys: [a] }",
    "detect_attacks: { enabled: true }",
    "detect_attacks: { enabled: false, on_detect: deny, fields: [a] }",
    "redact: { enabled: true, deny_keys: [a] }",
    "redact: { enabled: true, pii_emails: true }",
    "allow_rules: [{ tool: a, mode: off }, { tool: b, mode: enforce }]",
    "deny_rules: [{ tool: a, mode: shadow }]\nmodes: {}",
    "modes: { servers: { crm: shadow, lab: off }, rules: { not_allowed: shadow } }",
    "modes: { rules: { facts_missing: enforce } }",
    "validate: { max_arg_bytes: 1 }\nmodes: { rules: { validate/max_arg_bytes: off } }",
    "allow_rules: [{ tool: a, approve: true }, { tool: b, approve: { calls: 1, minutes: 5 } }]",
    "deny_rules: [{ method: prompts/get, approve: { by: operator } }, { tool: b, approve: false }]",
    "allow_rules: [{ tool: a, alias: [/result/a, /result/b/0] }, { method: b, pad: padme }]",
    "allow_rules: [{ tool: a, pad: 'constant:4096' }, { tool: b, pad: 'step:1024,65536' }]",
    "allow_rules: [{ tool: a, provenance: { principal.id: [TOKEN, MTLS], tool: [INVENTORY] } }]",
    "clearance: { default: PUBLIC }",
    "clearance: { default: PUBLIC, roles: { a: SENSITIVE }, principals: { b: RESTRICTED } }",
    "clearance: { default: PUBLIC, unclassified: PUBLIC, redact: [/result/content/0/text] }",
  ])("accept %s", (extra) => {
    expect(parsePortable(HEAD + extra, "p.yaml")).toMatchObject({ ok: true });
    expect(validate(parseYaml(HEAD + extra))).toBe(true);
  });

  test.each([
    "unknown: 1",
    "allow_rules: [{ tool: a, audit: some }]",
    "allow_rules: [{ tool: a, approve: yes please }]",
    "allow_rules: [{ tool: a, approve: { calls: 0 } }]",
    "allow_rules: [{ tool: a, approve: { minutes: 1.5 } }]",
    "allow_rules: [{ tool: a, approve: { by: me } }]",
    "allow_rules: [{ tool: a, approve: { hours: 1 } }]",
    "allow_rules: [{ tool: a, alias: [] }]",
    "allow_rules: [{ tool: a, alias: [/params/arguments/path] }]",
    "allow_rules: [{ tool: a, pad: huge }]",
    "allow_rules: [{ tool: a, pad: 'constant:1,2' }]",
    "deny_rules: [{ tool: a, alias: [/result/a] }]",
    "deny_rules: [{ tool: a, pad: padme }]",
    "validate: { reject_unknown_args: 1 }",
    "validate: { max_arg_bytes: -1 }",
    "validate: 3",
    "allow_rules: {}",
    "allow_rules: [tool]",
    "allow_rules: [{}]",
    "allow_rules: [{ server: a }]",
    "allow_rules: [{ tool: a, method: b }]",
    "allow_rules: [{ tool: a, uri: b }]",
    "allow_rules: [{ method: a, constraints: { x: { type: string } } }]",
    "allow_rules: [{ tool: '' }]",
    "allow_rules: [{ tool: a, provenance: {} }]",
    "allow_rules: [{ tool: a, provenance: { principal.id: [] } }]",
    "allow_rules: [{ tool: a, provenance: { principal.id: TOKEN } }]",
    "allow_rules: [{ tool: a, provenance: { principal.id: [token] } }]",
    "allow_rules: [{ tool: a, provenance: { source.ip: [TOKEN] } }]",
    "allow_rules: [{ tool: a, provenance: { claims: [TOKEN] } }]",
    "allow_rules: [{ tool: 7 }]",
    "allow_rules: [{ tool: a, roles: [] }]",
    "allow_rules: [{ tool: a, roles: [7] }]",
    "allow_rules: [{ tool: a, roles: x }]",
    "allow_rules: [{ tool: a, constraints: { x: {} } }]",
    "allow_rules: [{ tool: a, constraints: { x: { typ: string } } }]",
    "allow_rules: [{ tool: a, constraints: { x: { type: text } } }]",
    "allow_rules: [{ tool: a, constraints: { x: { required: yes please } } }]",
    "allow_rules: [{ tool: a, constraints: { x: { min: '1' } } }]",
    "allow_rules: [{ tool: a, constraints: { x: { min_length: 1.5 } } }]",
    "allow_rules: [{ tool: a, constraints: { x: { enum: [] } } }]",
    "allow_rules: [{ tool: a, constraints: { x: { enum: [[1]] } } }]",
    "rate_limit: { enabled: true }",
    "rate_limit: {}",
    "detect_attacks: {}",
    "detect_attacks: { enabled: 1 }",
    "detect_attacks: { enabled: true, fields: [] }",
    "detect_attacks: { enabled: true, on_detect: shout }",
    "detect_attacks: { enabled: true, fields: [7] }",
    "rate_limit: { enabled: true, limit_per_minute: 0 }",
    "rate_limit: { enabled: true, limit_per_minute: 60, burst: 0 }",
    "rate_limit: { enabled: true, limit_per_minute: 60, scope: user }",
    "rate_limit: { enabled: true, limit_per_minute: 60, tool: a }",
    "rate_limits: { limit_per_minute: 60 }",
    "rate_limits: [{ scope: actor }]",
    "redact: {}",
    "redact: { enabled: true }",
    "redact: { enabled: true, pii_emails: false, deny_keys: [] }",
    "redact: { enabled: true, deny_keys: password }",
    "redact: { enabled: true, deny_keys: [7] }",
    `redact: { enabled: true, deny_keys: [${"a".repeat(129)}] }`,
    "redact: { enabled: false, unknown: 1 }",
    "allow_rules: [{ tool: a, mode: shadow }]",
    "allow_rules: [{ tool: a }]\nmodes: { rules: { allow/0: shadow } }",
    "deny_rules: [{ tool: a, mode: shdow }]",
    "deny_flows: [{ from: a, mode: 1 }]",
    "modes: { server: { crm: shadow } }",
    "modes: { servers: [crm] }",
    "modes: { rules: { high_entropy: on } }",
    "modes: { rules: { facts_missing: shadow } }",
    "modes: { rules: { 'high entropy': shadow } }",
    "clearance: {}",
    "clearance: { default: SECRET }",
    "clearance: { default: PUBLIC, roles: { a: secret } }",
    "clearance: { default: PUBLIC, redact: [] }",
    "clearance: { default: PUBLIC, redact: [/params/arguments] }",
  ])("refuse %s", (extra) => {
    expect(parsePortable(HEAD + extra, "p.yaml")).toMatchObject({ ok: false });
    expect(validate(parseYaml(HEAD + extra))).toBe(false);
  });
});

test.each([
  { title: "nothing", text: "", message: "the file is empty" },
  { title: "a list", text: "- a", message: "this should be a mapping (key: value)" },
  { title: "broken YAML", text: "a: [", message: expect.any(String) },
  {
    title: "a key that comes twice",
    text: `${HEAD}default: allow\n`,
    message: "Map keys must be unique",
  },
  {
    title: "an alias",
    text: `${HEAD}allow_rules: &a [{ tool: a }]\ndeny_rules: *a\n`,
    message: "aliases are not read here: write it out",
  },
  {
    title: "an alias of itself",
    text: `${HEAD}allow_rules: &a [*a]\n`,
    message: "aliases are not read here: write it out",
  },
  {
    title: "a pattern that would backtrack",
    text: `${HEAD}allow_rules: [{ tool: a, constraints: { x: { pattern: "(a)\\\\1" } } }]`,
    message: "this pattern cannot be enforced: backreferences are not supported, at character 5",
  },
  {
    title: "a check that never holds",
    text: `${HEAD}allow_rules: [{ tool: a, constraints: { x: { type: string, min: 1 } } }]`,
    message: "min never holds of type string: it is for number or integer",
  },
  {
    title: "bounds that exclude each other",
    text: `${HEAD}allow_rules: [{ tool: a, constraints: { x: { min: 2, max: 1 } } }]`,
    message: "the upper bound lies below the lower one",
  },
  {
    title: "a mode of a rule that is not there",
    text: `${HEAD}deny_rules: [{ tool: a }]\nmodes: { rules: { deny/1: shadow } }`,
    message: "this file has no such rule: did you mean deny/0?",
  },
  {
    title: "a mode that is said twice",
    text: `${HEAD}deny_rules: [{ tool: a, mode: off }]\nmodes: { rules: { deny/0: shadow } }`,
    message: "the rule says its mode itself: say it once",
  },
  {
    title: "a mode that is misspelt",
    text: `${HEAD}deny_rules: [{ tool: a, mode: shadw }]`,
    message: "this should be one of enforce, shadow, off (did you mean shadow?)",
  },
  { title: "deep nesting", text: "[".repeat(100_000), message: expect.any(String) },
])("parsePortable refuses $title", ({ text, message }) => {
  const parsed = parsePortable(text, "p.yaml");
  expect(parsed.ok ? [] : parsed.error.map((error) => error.message)).toContainEqual(message);
});

test("parsePortable never throws on noise", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme", maxLength: 200 }), (text) => {
      expect(typeof parsePortable(text, "p.yaml").ok).toBe("boolean");
    }),
  );
});
