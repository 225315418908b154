import {
  type Arbitrary,
  array,
  assert,
  asyncProperty,
  constantFrom,
  jsonValue,
  letrec,
  record,
} from "fast-check";
import { expect, test } from "vitest";

import type { HttpDenial } from "../../../src/core/exchange.ts";
import type { DenialStyle, Disclosure } from "../../../src/decision/denial.ts";
import { answerHead, bytesOf, createDataPath, headOf } from "../../golden/data-path.ts";
import { SECRET, toolCall } from "../../support/messages.ts";

/** What no denial may repeat: it looks like nothing, so that no guard takes it out. */
const CANARY = "kanarienvogel";
const VALUES = [CANARY, `${CANARY} ${SECRET}`, `../../${CANARY}`, { [CANARY]: CANARY }, [CANARY]];
const NAMES = ["shell", `shell-${CANARY}`, `${CANARY}\u0000`, CANARY.repeat(200)];

const call = record({
  name: constantFrom(...NAMES),
  args: record({ [CANARY]: constantFrom<unknown>(...VALUES), other: jsonValue() }),
  style: constantFrom<DenialStyle>("jsonrpc", "http", "tool"),
  disclose: constantFrom<Disclosure>("full", "code", "none"),
});

/** All that a client gets of a denial. */
function textOf({ status, headers, body, metadata }: HttpDenial): string {
  const { tool: _, ...rest } = metadata;
  return JSON.stringify([status, headers, Buffer.from(body).toString("utf8"), rest]);
}

test("a denied call is told without a word of what it carried", async () => {
  await assert(
    asyncProperty(call, async ({ name, args, style, disclose }) => {
      const path = await createDataPath({ policy: null, denial: style, disclose });
      const exchange = path.firewall.open(headOf({}));
      await exchange.requestHead();
      const verdict = await exchange.request(bytesOf(toolCall(7, args, name)));
      if (verdict.kind !== "deny") throw new Error("it was let through");
      expect(textOf(verdict.denial)).not.toContain(CANARY);
      expect(textOf(verdict.denial)).not.toContain(SECRET);
      // The log names a tool, but holds no argument.
      for (const { input, ...event } of path.decisions) {
        expect(JSON.stringify(event)).not.toContain(SECRET);
        expect(JSON.stringify(input)).not.toContain(SECRET);
      }
    }),
    { numRuns: 200 },
  );
});

/** Bytes that are wrong in every way a peer may think of, with the canary at the wrong place. */
const broken = constantFrom(
  `{"jsonrpc":"2.0","id":1,"${CANARY}":1}`,
  `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"${CANARY}":1}}`,
  `{"jsonrpc":"2.0","id":1,"method":"ping","${CANARY}":1,"${CANARY}":2}`,
  `{"jsonrpc":"${CANARY}","id":1,"method":"ping"}`,
  `{"jsonrpc":"2.0","id":["${CANARY}"],"method":"ping"}`,
  `{"jsonrpc":"2.0","id":1,"method":{"${CANARY}":1}}`,
  `${CANARY}`,
  `{"jsonrpc":"2.0","id":1,"method":"ping"}${CANARY}`,
  `[{"jsonrpc":"2.0","id":1,"method":"${CANARY}"}]`,
  `{"jsonrpc":"2.0","id":1,"method":"${CANARY}","params":["${CANARY}"]}`,
);

test.each<Disclosure>(["full", "code", "none"])(
  "a fault is told without a word of what it was found in, with disclose: %s",
  async (disclose) => {
    await assert(
      asyncProperty(broken, async (body) => {
        const path = await createDataPath({ disclose });
        const exchange = path.firewall.open(headOf({}));
        await exchange.requestHead();
        const verdict = await exchange.request(bytesOf(body));
        if (verdict.kind !== "deny") throw new Error("it was let through");
        expect(textOf(verdict.denial)).not.toContain(CANARY);
      }),
      { numRuns: 40 },
    );
  },
);

/** Results that cannot be cleaned, and are therefore denied. */
const { tree } = letrec<{ tree: unknown; node: unknown }>((tie) => ({
  tree: record({ [SECRET]: tie("node") }) as Arbitrary<unknown>,
  node: array(constantFrom(CANARY, SECRET, `${CANARY}: ${SECRET}`), { minLength: 1 }),
}));

test("a denied answer is told without a word of what it carried", async () => {
  await assert(
    asyncProperty(tree, constantFrom<DenialStyle>("jsonrpc", "tool"), async (result, denial) => {
      const path = await createDataPath({ denial });
      const exchange = path.firewall.open(headOf({}));
      await exchange.requestHead();
      await exchange.request(bytesOf(toolCall(7)));
      exchange.responseHead(answerHead(200));
      const verdict = await exchange.response(bytesOf({ jsonrpc: "2.0", id: 7, result }));
      if (verdict.kind !== "deny") throw new Error("it was let through");
      expect(textOf(verdict.denial)).not.toContain(CANARY);
      expect(textOf(verdict.denial)).not.toContain(SECRET);
    }),
    { numRuns: 60 },
  );
});
