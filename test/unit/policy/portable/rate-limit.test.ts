import { expect, test } from "vitest";

import { parsePortable } from "../../../../src/policy/portable/parse.ts";

function limitsOf(text: string) {
  const policy = parsePortable(`policy_id: p\nversion: "1"\ndefault: deny\n${text}`, "p.yaml");
  if (!policy.ok) throw new Error(JSON.stringify(policy.error));
  return policy.value.rateLimits;
}

test.each([
  { scope: "actor", key: ["principal"] },
  { scope: "session", key: ["session"] },
  { scope: "tool", key: ["tool"] },
  { scope: "server", key: ["server"] },
])("a limit of the scope $scope counts by $key", ({ scope, key }) => {
  const text = `rate_limit: { enabled: true, limit_per_minute: 60, burst: 10, scope: ${scope} }`;
  expect(limitsOf(text)).toMatchObject([
    {
      name: "policy/rate_limit",
      key,
      rate: { points: 60, seconds: 60, burst: 10 },
      cost: "calls",
      onExceed: "deny",
    },
  ]);
});

test("without a burst, a minute's worth may come at once", () => {
  expect(limitsOf("rate_limit: { enabled: true, limit_per_minute: 1.5 }")).toMatchObject([
    { rate: { points: 1.5, seconds: 60, burst: 2 } },
  ]);
});

test("limits of single servers and tools have names of their own", () => {
  const text = `rate_limits:
  - { limit_per_minute: 10, server: crm }
  - { limit_per_minute: 5, tool: "write_*", scope: tool }
`;
  expect(limitsOf(text)).toMatchObject([
    { name: "policy/rate_limits/0", servers: ["crm"], tools: null, key: ["principal"] },
    { name: "policy/rate_limits/1", servers: null, tools: ["write_*"], key: ["tool"] },
  ]);
});

test("one that is off is none", () => {
  expect(limitsOf("rate_limit: { enabled: false, limit_per_minute: 60 }")).toEqual([]);
});
