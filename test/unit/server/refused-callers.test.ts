import { expect, test } from "vitest";
import type { AuthEvent } from "../../../src/core/auth-log.ts";
import { withRefusedOnRecord } from "../../../src/server/refused-callers.ts";

function setting() {
  let now = 0;
  const events: AuthEvent[] = [];
  const counted: string[] = [];
  const telemetry = withRefusedOnRecord({
    log: { record: (event) => events.push(event) > 0 },
    clock: { monotonic: () => now },
    telemetry: { accepted() {}, refused: (_, code) => counted.push(code) },
  });
  return {
    ...{ events, counted },
    pass: (seconds: number) => {
      now += seconds * 1000;
    },
    refuse(ip: string | null, code = "token_signature") {
      const source = { ip, spiffe: null };
      telemetry.refused({ method: "token", server: "files", source, requestId: "r-1" }, code);
    },
  };
}

test("a refused caller is on record: where and why, and as nobody", () => {
  const { events, refuse } = setting();
  refuse("10.0.0.7");
  expect(events).toEqual([
    {
      ...{ kind: "token_refused", method: "token", code: "token_signature", before: 0 },
      ...{
        server: "files",
        sourceIp: "10.0.0.7",
        requestId: "r-1",
        principal: null,
        session: null,
      },
    },
  ]);
});

test("who goes on has one line a minute, which says how many there were; all are counted", () => {
  const { events, counted, refuse, pass } = setting();
  for (let tried = 0; tried < 500; tried += 1) refuse("10.0.0.7");
  expect(events).toHaveLength(1);
  pass(60);
  refuse("10.0.0.7");
  pass(60);
  refuse("10.0.0.7");
  expect(events.map((event) => event.kind === "token_refused" && event.before)).toEqual([
    0, 499, 0,
  ]);
  expect(counted).toHaveLength(502);
});

test("another code, and another network, are told by themselves; a /64 is one network", () => {
  const { events, refuse } = setting();
  refuse("10.0.0.7");
  refuse("10.0.0.7", "token_expired");
  refuse("10.0.0.8");
  refuse("2001:db8::1");
  refuse("2001:db8::2");
  refuse(null);
  expect(events.map(({ sourceIp }) => sourceIp)).toEqual([
    ...["10.0.0.7", "10.0.0.7", "10.0.0.8", "2001:db8::1", null],
  ]);
});

test("from many networks there are 600 lines at once and ten a second, and the rest is counted", () => {
  const { events, refuse, pass } = setting();
  const from = (start: number, count: number) => {
    for (let at = start; at < start + count; at += 1)
      refuse(`10.${at >> 16}.${(at >> 8) & 255}.${at & 255}`);
  };
  from(0, 50_000);
  expect(events).toHaveLength(600);
  pass(1);
  from(49_000, 1_000);
  expect(events).toHaveLength(610);
  expect(events.at(-1)).toMatchObject({ before: 1 });
});
