import { describe, expect, test } from "vitest";
import type { Finding } from "../../../src/core/finding.ts";
import type { NameAnswer } from "../../../src/core/names.ts";
import { bytesOf, createDataPath, headOf } from "../../golden/data-path.ts";
import { toolCall } from "../../support/messages.ts";

const DENY = `policy_id: t
version: "1"
default: deny
allow_rules: [{ tool: "*" }]
`;
const ZONE: ReadonlyMap<string, NameAnswer> = new Map<string, NameAnswer>([
  ["inside.example", ["10.0.0.7"]],
  ["public.example", ["93.184.216.34"]],
  ["late.example", null],
]);

/** The data path with names that are told at once, or a moment later. */
async function setting(isLater = false) {
  const asked: string[] = [];
  const path = await createDataPath({
    policy: DENY,
    dependencies: (real) => ({
      ...real,
      names: {
        resolve(name) {
          asked.push(name);
          const answer = ZONE.has(name) ? (ZONE.get(name) ?? null) : [];
          return isLater ? Promise.resolve(answer) : answer;
        },
      },
    }),
  });
  const findings = async (args: { readonly [name: string]: unknown }) => {
    const exchange = path.firewall.open(headOf({}));
    await exchange.requestHead();
    await exchange.request(bytesOf(toolCall(1, args, "fetch")));
    const found = path.decisions.at(-1)?.findings ?? [];
    return (found as unknown as readonly Finding[]).map(
      ({ guard, kind, at }) => `${guard}/${kind} ${at}`,
    );
  };
  return { path, asked, findings };
}

describe.each([{ isLater: false }, { isLater: true }])(
  "names, told later: $isLater",
  ({ isLater }) => {
    test("one that leads inside is found where it stands", async () => {
      const { findings } = await setting(isLater);
      expect(await findings({ url: "https://inside.example/a" })).toEqual([
        "attacks/ssrf /params/arguments/url",
      ]);
      expect(await findings({ url: "https://public.example/a" })).toEqual([]);
      expect(await findings({ url: "https://none.example/a" })).toEqual([]);
    });

    test("one that nobody could tell in time counts as found", async () => {
      const { findings } = await setting(isLater);
      expect(await findings({ url: "https://late.example/a" })).toEqual([
        "attacks/ssrf /params/arguments/url",
      ]);
    });
  },
);

test("eight new names of a request are asked about, and the ninth counts as found", async () => {
  const { asked, findings } = await setting(true);
  const urls = Array.from({ length: 9 }, (_, at) => `https://n${at}.example/`);
  expect(await findings({ urls })).toEqual(["attacks/ssrf /params/arguments/urls/8"]);
  expect(asked).toHaveLength(8);
  expect(await findings({ urls: urls.slice(0, 8) })).toEqual([]);
});

test("who asks for no URL asks for no name, and waits for nobody", async () => {
  const { asked, findings } = await setting(true);
  expect(await findings({ note: "see https://inside.example/ there", path: "a/b" })).toEqual([]);
  expect(asked).toEqual([]);
});

test("without a resolver nobody is asked", async () => {
  const path = await createDataPath({ policy: DENY });
  const exchange = path.firewall.open(headOf({}));
  await exchange.requestHead();
  const call = toolCall(1, { url: "https://inside.example/a" }, "fetch");
  expect(await exchange.request(bytesOf(call))).toMatchObject({ kind: "forward" });
  expect(path.decisions.at(-1)?.findings).toEqual([]);
});
