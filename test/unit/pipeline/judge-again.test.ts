import { expect, test } from "vitest";
import type { Dependencies } from "../../../src/pipeline/dependencies.ts";
import { APPROVAL_DEFAULTS, createApprovals } from "../../../src/state/approvals.ts";
import { answerHead, createDataPath, headOf, JSON_POST, sent } from "../../golden/data-path.ts";
import { toolCall } from "../../support/messages.ts";

const TRANSFERS =
  'policy_id: approving\nversion: "1"\ndefault: deny\nallow_rules: [{ tool: transfer, approve: true }]\n';
const CALL = toolCall(7, { to: "bob" }, "transfer");
const STREAM = { "content-type": "text/event-stream" };

/** A desk where somebody agrees to `calls` requests, and a policy that is loaded anew when told. */
async function bank(calls: number) {
  const desk = createApprovals({ ...APPROVAL_DEFAULTS, clock: { monotonic: () => 0 } });
  let policy: ReturnType<Dependencies["policy"]> = null;
  const path = await createDataPath({
    policy: TRANSFERS,
    dependencies: (real) => {
      policy = real.policy();
      return { ...real, approvals: desk, policy: () => policy };
    },
  });
  const head = () => headOf({ headers: { ...JSON_POST, "mcp-session-id": "s1" } });
  await expect(sent(path, CALL, head())).rejects.toThrow("approval_required");
  const id = desk.pending()[0]?.id ?? "";
  desk.approve(id, { by: "operator", calls, minutes: null, anyArguments: false });
  const exchange = await sent(path, CALL, head());
  expect(exchange.responseHead(answerHead(200, STREAM)).kind).toBe("stream");
  return {
    ...{ desk, id, exchange },
    /** As a reload: `revision` of another policy, or the same one. */
    reload(revision = policy?.engine.revision ?? "") {
      if (policy === null) throw new Error("there is no policy");
      const { engine } = policy;
      policy = { ...policy, engine: { revision, decide: (input) => engine.decide(input) } };
    },
    again: () => sent(path, CALL, head()),
  };
}

test("a stream that is judged again uses no grant up", async () => {
  const { desk, exchange, reload, again } = await bank(2);
  expect(desk.grants()).toMatchObject([{ used: 1, callsLeft: 1 }]);
  for (let count = 0; count < 3; count += 1) {
    reload();
    expect(exchange.lapsed()).toBeNull();
  }
  expect(desk.grants()).toMatchObject([{ used: 1, callsLeft: 1 }]);
  await again();
  expect(desk.grants()).toEqual([]);
});

test("a stream goes on by the grant that its own request used up, while its policy does", async () => {
  const { desk, exchange, reload, again } = await bank(1);
  expect(desk.grants()).toEqual([]);
  reload();
  expect(exchange.lapsed()).toBeNull();
  await expect(again()).rejects.toThrow("approval_required");
});

test("another policy's grant holds no stream open, and nobody is asked for it", async () => {
  const { desk, exchange, reload } = await bank(1);
  reload("sha256:another");
  expect(exchange.lapsed()).toBe("policy_changed");
  expect(desk.pending()).toEqual([]);
});
