import { describe, expect, test } from "vitest";
import type { Approvals } from "../../../src/core/approvals.ts";
import type { RequestHead } from "../../../src/core/exchange.ts";
import type { Principal } from "../../../src/core/policy.ts";
import {
  APPROVAL_DEFAULTS,
  createApprovals,
  type LocalDesk,
} from "../../../src/state/approvals.ts";
import {
  bytesOf,
  createDataPath,
  type DataPath,
  headOf,
  JSON_POST,
} from "../../golden/data-path.ts";
import { toolCall } from "../../support/messages.ts";

const policyWith = (rules: string) =>
  `policy_id: approving\nversion: "1"\ndefault: deny\n${rules}\n`;
const TRANSFERS = policyWith("allow_rules: [{ tool: transfer, approve: true }, { tool: look }]");

const PERSON: Principal = {
  id: "alice",
  kind: "user",
  roles: [],
  scopes: [],
  claims: {},
  authenticated_by: "jwt",
};

interface Bank {
  readonly path: DataPath;
  readonly desk: LocalDesk;
  pass(seconds: number): void;
  /** The codes of the denial, or `forward`. */
  transfer(asked: Asking): Promise<Outcome>;
}

interface Asking {
  readonly args?: { readonly [name: string]: unknown };
  readonly session?: string;
  readonly principal?: string;
  readonly body?: object;
}

interface Outcome {
  readonly kind: string;
  readonly code?: string;
  readonly rule?: string;
  readonly approval_id?: string;
  readonly text: string;
}

async function bankWith(policy = TRANSFERS, approvals?: (Approvals & LocalDesk) | null) {
  let now = 0;
  const clock = { monotonic: () => now };
  const desk = createApprovals({ ...APPROVAL_DEFAULTS, clock });
  const path = await createDataPath({
    policy,
    dependencies: (real) => ({
      ...real,
      approvals: approvals === undefined ? desk : approvals,
      identity: {
        identify: async ({ headers }: RequestHead) => ({
          kind: "known",
          principal: { ...PERSON, id: headers.get("x-test-principal") ?? "alice" },
          credential: { session: null, expiresAtMs: null, isRevoked: () => false },
        }),
      },
    }),
  });
  const bank: Bank = {
    path,
    desk,
    pass: (seconds) => {
      now += seconds * 1000;
    },
    async transfer({ args = { to: "bob", sum: 5 }, session = "s1", principal = "alice", body }) {
      const own = { "mcp-session-id": session, "x-test-principal": principal };
      const exchange = path.firewall.open(headOf({ headers: { ...JSON_POST, ...own } }));
      await exchange.requestHead();
      const verdict = await exchange.request(bytesOf(body ?? toolCall(7, args, "transfer")));
      if (verdict.kind !== "deny") return { kind: "forward", text: "" };
      const text = Buffer.from(verdict.denial.body).toString("utf8");
      const { error } = JSON.parse(text);
      return { kind: "deny", text, ...error.data };
    },
  };
  return bank;
}

const WORD = { by: "operator", calls: null, minutes: null, anyArguments: false } as const;

async function askedFor(bank: Bank): Promise<string> {
  const { approval_id } = await bank.transfer({});
  if (approval_id === undefined) throw new Error("nobody was asked");
  return approval_id;
}

describe("a rule that wants approval", () => {
  test("denies with an id, in its own words, and lists the names of the arguments only", async () => {
    const bank = await bankWith();
    const denied = await bank.transfer({});
    expect(denied).toMatchObject({ kind: "deny", code: "approval_required", rule: "allow/0" });
    expect(denied.text).toContain(`approve ${denied.approval_id},`);
    const [pending] = bank.desk.pending();
    expect(pending).toMatchObject({ id: denied.approval_id, argumentKeys: ["to", "sum"] });
    expect(JSON.stringify(pending)).not.toContain("bob");
    expect(bank.path.decisions.at(-1)?.approval).toEqual({
      state: "asked",
      id: denied.approval_id,
    });
  });

  test("lets the same call pass once a person agreed, once, and the log says who", async () => {
    const bank = await bankWith();
    const id = await askedFor(bank);
    bank.desk.approve(id, WORD);
    // Another order of members, another progress token: the same call.
    const params = {
      _meta: { progressToken: 99 },
      arguments: { sum: 5, to: "bob" },
      name: "transfer",
    };
    const again = { jsonrpc: "2.0", id: 8, method: "tools/call", params };
    expect((await bank.transfer({ body: again })).kind).toBe("forward");
    expect(bank.path.decisions.at(-1)?.approval).toEqual({
      state: "granted",
      grants: [{ id, approved_by: "operator" }],
    });
    const third = await bank.transfer({});
    expect(third.code).toBe("approval_required");
    expect(third.approval_id).not.toBe(id);
  });

  test("lets nothing else pass by it", async () => {
    const bank = await bankWith();
    bank.desk.approve(await askedFor(bank), WORD);
    for (const other of [
      { args: { to: "eve", sum: 5 } },
      { args: { to: "bob", sum: "5" } },
      { session: "s2" },
      // With a session of their own: another's is refused before anybody asks.
      { principal: "mallory", session: "s3" },
    ]) {
      expect((await bank.transfer(other)).code).toBe("approval_required");
    }
    expect((await bank.transfer({})).kind).toBe("forward");
  });

  test("asks again once the grant has ended", async () => {
    const bank = await bankWith();
    bank.desk.approve(await askedFor(bank), { ...WORD, minutes: 5 });
    bank.pass(300);
    expect((await bank.transfer({})).code).toBe("approval_required");
  });

  test("tells of a person who said no", async () => {
    const bank = await bankWith();
    bank.desk.deny(await askedFor(bank));
    expect((await bank.transfer({})).code).toBe("approval_denied");
  });

  test("takes a grant for as long as it says, whatever was agreed to", async () => {
    const fresh = "allow_rules: [{ tool: transfer, approve: { calls: 2, minutes: 1 } }]";
    const bank = await bankWith(policyWith(fresh));
    bank.desk.approve(await askedFor(bank), { ...WORD, calls: 100, minutes: 100 });
    expect((await bank.transfer({})).kind).toBe("forward");
    expect((await bank.transfer({})).kind).toBe("forward");
    expect((await bank.transfer({})).code).toBe("approval_required");

    const other = await bankWith(policyWith(fresh));
    other.desk.approve(await askedFor(other), { ...WORD, calls: 100, minutes: 100 });
    other.pass(60);
    expect((await other.transfer({})).code).toBe("approval_required");
  });

  test("is beaten by a rule that denies, whatever was agreed to", async () => {
    const bank = await bankWith(
      policyWith(
        "allow_rules: [{ tool: transfer, approve: true }]\ndeny_rules: [{ tool: transfer, constraints: { sum: { min: 100 } } }]",
      ),
    );
    expect((await bank.transfer({ args: { sum: 500 } })).code).toBe("policy_denied");
    expect(bank.desk.pending()).toEqual([]);
  });

  test("passes two calls of a batch by two words, never by one", async () => {
    const bank = await bankWith();
    bank.desk.approve(await askedFor(bank), WORD);
    const exchange = bank.path.firewall.open(
      headOf({
        headers: { ...JSON_POST, "mcp-protocol-version": "2025-03-26", "mcp-session-id": "s1" },
      }),
    );
    await exchange.requestHead();
    const batch = [7, 8].map((id) => toolCall(id, { to: "bob", sum: 5 }, "transfer"));
    expect((await exchange.request(bytesOf(batch))).kind).toBe("deny");
  });

  test("denies where nobody can be asked", async () => {
    const bank = await bankWith(TRANSFERS, null);
    const denied = await bank.transfer({});
    expect(denied.code).toBe("approval_required");
    expect(denied.approval_id).toBeUndefined();
  });
});
