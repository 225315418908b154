import { expect, test } from "vitest";
import { guessTool } from "../../../src/catalogue/guess.ts";

test.each([
  { name: "read_text_file", args: ["path"], risk: "medium", effects: ["FS_READ"] },
  { name: "writeFile", args: ["path", "content"], risk: "high", effects: ["FS_WRITE"] },
  { name: "delete-directory", args: [], risk: "high", effects: ["FS_DELETE"] },
  { name: "run_shell", args: ["command"], risk: "critical", effects: ["CODE_EXECUTION"] },
  { name: "query", args: ["sql"], risk: "medium", effects: ["DATABASE_READ"] },
  { name: "send_email", args: ["to"], risk: "high", effects: ["MESSAGING"] },
  { name: "get-env", args: [], risk: "critical", effects: ["CREDENTIAL_ACCESS"] },
  { name: "refund_order", args: ["id"], risk: "critical", effects: ["PAYMENT"] },
  { name: "echo", args: ["message"], risk: null, effects: null },
  { name: "get_sum", args: ["a", "b"], risk: null, effects: null },
])("guessTool takes $name for $effects", ({ name, args, risk, effects }) => {
  const properties = Object.fromEntries(args.map((argument) => [argument, {}]));
  const text = JSON.stringify({ name, inputSchema: { properties } });
  expect(guessTool(text)).toEqual({ risk, sideEffects: effects });
});

test("guessTool believes a tool that calls itself destructive, and none that calls itself harmless", () => {
  const named = (name: string, annotations: object) => JSON.stringify({ name, annotations });
  expect(guessTool(named("tidy", { destructiveHint: true })).risk).toBe("high");
  const harmless = guessTool(named("delete_file", { readOnlyHint: true, destructiveHint: false }));
  expect(harmless).toEqual({ risk: "high", sideEffects: ["FS_DELETE"] });
});

test.each(['{"name":7}', "{}", '{"name":"x","inputSchema":{"properties":[]}}'])(
  "guessTool says nothing of %s",
  (text) => {
    expect(guessTool(text)).toEqual({ risk: null, sideEffects: null });
  },
);
