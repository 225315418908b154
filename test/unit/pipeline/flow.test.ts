import { describe, expect, test } from "vitest";

import {
  answerHead,
  bytesOf,
  createDataPath,
  type DataPath,
  headOf,
  sent,
} from "../../golden/data-path.ts";
import { toolCall } from "../../support/messages.ts";

const POLICY = `
policy_id: flow
version: "1.0"
default: allow
deny_flows: [{ from: crm, to: "web*", reason: "Customers stay in the CRM." }]
`;

const VALUE = "EMP000417";

/** The caller gets an employee's number from the CRM. */
async function told(result: unknown): Promise<DataPath> {
  const path = await createDataPath({ policy: POLICY });
  const exchange = await sent(path, toolCall(1, {}, "find"), headOf({ server: "crm" }));
  exchange.responseHead(answerHead(200));
  const verdict = await exchange.response(bytesOf({ jsonrpc: "2.0", id: 1, result }));
  expect(verdict.kind).toBe("forward");
  return path;
}

/** What becomes of a call with this argument at that server. */
async function call({ firewall }: DataPath, server: string, args: object): Promise<string> {
  const exchange = firewall.open(headOf({ server }));
  await exchange.requestHead();
  const verdict = await exchange.request(bytesOf(toolCall(2, { ...args }, "search")));
  return verdict.kind === "deny" ? Buffer.from(verdict.denial.body).toString("utf8") : "forwarded";
}

describe("a value that one server returned", () => {
  test.each([
    { title: "text", result: { content: [{ type: "text", text: `It is ${VALUE}.` }] } },
    { title: "structured content", result: { content: [], structuredContent: { id: VALUE } } },
  ])("as $title does not reach a server that may not have it", async ({ result }) => {
    const path = await told(result);
    const answer = await call(path, "web", { query: `who is ${VALUE}` });
    expect(JSON.parse(answer)).toMatchObject({
      error: { data: { code: "policy_denied", rule: "flow/0" } },
    });
    expect(answer).toContain("Customers stay in the CRM.");
    const [event] = path.decisions.slice(-1);
    expect(event?.input).toMatchObject({
      flow: [{ at: "/params/arguments/query", from: "crm", age_s: 0 }],
    });
    expect(JSON.stringify(path.decisions)).not.toContain(VALUE);
  });

  test.each([
    { title: "goes back", server: "crm", args: { id: VALUE } },
    { title: "goes where no rule forbids it", server: "mail", args: { to: VALUE } },
    { title: "stays away", server: "web", args: { query: "EMP000999" } },
  ])("is let through when it $title", async ({ server, args }) => {
    const path = await told({ content: [{ type: "text", text: VALUE }] });
    expect(await call(path, server, args)).toBe("forwarded");
  });

  test("and that the caller had before is let through", async () => {
    const path = await createDataPath({ policy: POLICY });
    expect(await call(path, "crm", { id: VALUE })).toBe("forwarded");
    expect(await call(path, "web", { id: VALUE })).toBe("forwarded");
  });
});
