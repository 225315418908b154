/** Attacks in arguments, through a real Envoy: what a portable policy denies, and what it does not. */

import { expect, test } from "vitest";
import { call } from "../../support/client.ts";
import { startGateway } from "../../support/gateway.ts";
import { JSON_HEADERS, toolCall, toolResult } from "../../support/messages.ts";
import { startTestService } from "../../support/service.ts";
import { startUpstream } from "../../support/upstream.ts";

const ALLOW = `policy_id: attacks
version: "1.0"
default: deny
allow_rules: [{ tool: "*" }]
`;
const INJECTION = "' OR 1=1 --";

/** What comes of a call with these arguments under this policy. */
async function outcomeOf(detect: string, args: { readonly [name: string]: unknown }) {
  await using upstream = await startUpstream((exchange) => exchange.json(toolResult(1, "rows")));
  await using service = await startTestService({ policy: ALLOW + detect });
  await using gateway = await startGateway({
    upstreams: [{ id: "files", url: upstream.url }],
    service,
  });
  const body = JSON.stringify(toolCall(1, args));
  const reply = await call(gateway, { path: "/mcp", headers: JSON_HEADERS, body });
  const { findings } = await service.decision();
  await service.idle();
  expect(service.faults).toEqual([]);
  return {
    isDenied: reply.text.includes("attack_detected"),
    tells: reply.text,
    reached: upstream.requests.length,
    found: (findings as readonly { readonly guard: string }[]).filter(
      ({ guard }) => guard === "attacks",
    ),
  };
}

const DETECT = "detect_attacks: { enabled: true }\n";
const ATTACKS: readonly (readonly [kind: string, args: { readonly [name: string]: unknown }])[] = [
  ["sql-injection", { filter: INJECTION }],
  ["path-traversal", { path: "..%2f..%2fetc%2fpasswd" }],
  ["ssrf", { url: "http://2852039166/latest/meta-data" }],
  ["command-injection", { options: { name: ["a", "x; cat /etc/passwd"] } }],
];

test.each(ATTACKS)("%s is denied, and reaches no server", async (kind, args) => {
  const outcome = await outcomeOf(DETECT, args);
  expect(outcome).toMatchObject({ isDenied: true, reached: 0 });
  expect(outcome.found).toContainEqual(expect.objectContaining({ kind, severity: "high" }));
  // Who is refused learns the rule, and not the text that was found.
  expect(outcome.tells).not.toContain("passwd");
});

test("everyday arguments of the same names pass", async () => {
  const args = { filter: "O'Brien", path: "src/a.ts", url: "https://example.com/", text: "a; b" };
  expect(await outcomeOf(DETECT, args)).toMatchObject({ isDenied: false, reached: 1, found: [] });
});

test("without a word of the policy it is on record, and passes", async () => {
  expect(await outcomeOf("", { filter: INJECTION })).toMatchObject({
    isDenied: false,
    reached: 1,
    found: [{ kind: "sql-injection", severity: "medium" }],
  });
});

test("only the fields that the policy names are denied for it", async () => {
  const detect = 'detect_attacks: { enabled: true, fields: ["*query"] }\n';
  expect(await outcomeOf(detect, { sql_query: INJECTION })).toMatchObject({ isDenied: true });
  expect(await outcomeOf(detect, { note: INJECTION })).toMatchObject({
    isDenied: false,
    found: [{ severity: "medium" }],
  });
});
