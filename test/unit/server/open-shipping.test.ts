import { readFileSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { verifyFiles } from "../../../src/audit/verify-files.ts";
import { KEYS } from "../../support/decision-log.ts";
import { startHttpReceiver } from "../../support/receivers.ts";
import { expectWholeLog, openShipped } from "../../support/shipping.ts";
import { waitFor } from "../../support/wait.ts";

const QUICK = "batch_max_ms: 5, retry_min_ms: 5, retry_max_ms: 10";

function linesIn(batches: readonly { readonly body: string }[]): readonly string[] {
  return batches.flatMap(({ body }) => JSON.parse(body).map(({ line }: { line: string }) => line));
}

async function samples(metrics: { render(): Promise<string> }): Promise<readonly string[]> {
  const text = await metrics.render();
  return text.split("\n").filter((line) => line.startsWith("impedance_shipping_"));
}

test("a buffer that is full drops by default: decisions go on, and the receiver sees the gap", async () => {
  await using receiver = await startHttpReceiver();
  receiver.answer = () => ({ status: 503 });
  const entry = `{ kind: http, url: "${receiver.url}", buffer_max_events: 5, ${QUICK} }`;
  await using kept = await openShipped([entry]);
  expect(kept.record(1, 30)).toBe(true);
  for (const told of ["shipping_full", "shipping_failed"]) {
    await waitFor(told, () => kept.entries.find(({ code }) => code === told));
  }
  receiver.answer = () => ({ status: 200 });
  await waitFor("some lines", () => kept.entries.find(({ code }) => code === "shipping_restored"));
  kept.record(31, 32);
  await kept.log.sink.close();

  const lines = [...new Set(linesIn(receiver.batches))];
  expect(lines.length).toBeLessThan(kept.written().length);
  const file = kept.at("received.jsonl");
  writeFileSync(file, lines.map((line) => `${line}\n`).join(""));
  const options = { keys: KEYS.publicKeys, isLive: false, isPartial: false };
  const { problems } = await verifyFiles([file], options);
  expect(problems).toMatchObject([{ code: "missing" }]);
  const [gap] = kept.entries.filter(({ code }) => code === "shipping_dropped");
  const sequel = Number(gap?.to_seq) - Number(gap?.from_seq) + 1;
  expect(gap).toMatchObject({ destination: "http", cause: "full", lines: sequel });
  expect(await samples(kept.metrics)).toContain(
    `impedance_shipping_dropped_total{destination="http",cause="full"} ${sequel}`,
  );
});

test("a buffer that is full denies where that is asked for, until there is room again", async () => {
  await using receiver = await startHttpReceiver();
  receiver.answer = () => ({ status: 503 });
  const entry = `{ kind: http, url: "${receiver.url}", buffer_max_events: 5, on_full: deny, ${QUICK} }`;
  await using kept = await openShipped([entry]);
  await waitFor("a denial", () => !kept.record(1, 1));
  expect(kept.log.sink.omit()).toBe(false);
  receiver.answer = () => ({ status: 200 });
  await waitFor("room", () => kept.record(100, 100));
  await kept.log.sink.close();
  await expectWholeLog([...new Set(linesIn(receiver.batches))], kept);
});

test("readiness depends on a destination only where that is asked for", async () => {
  await using down = await startHttpReceiver();
  down.answer = () => ({ status: 503 });
  const optional = `{ kind: http, url: "${down.url}", ${QUICK} }`;
  const required = `{ kind: http, name: siem, url: "${down.url}", required: on, ${QUICK} }`;
  await using one = await openShipped([optional]);
  await using both = await openShipped([optional, required]);
  for (const each of [one, both]) {
    each.record(1, 1);
    await waitFor("a failure", () => each.entries.find(({ code }) => code === "shipping_failed"));
  }
  await waitFor("the required one to fail", () => !both.log.isReady());
  expect(one.log.isReady()).toBe(true);
  expect(both.log.sink.healthy).toBe(true);
  down.answer = () => ({ status: 200 });
  await waitFor("it to be ready again", () => both.log.isReady());
});

test("each destination has its counters, from the start", async () => {
  await using receiver = await startHttpReceiver();
  const entry = `{ kind: http, name: siem, url: "${receiver.url}", ${QUICK} }`;
  await using kept = await openShipped([entry]);
  expect(await samples(kept.metrics)).toEqual(
    expect.arrayContaining([
      'impedance_shipping_shipped_total{destination="siem"} 0',
      'impedance_shipping_failures_total{destination="siem"} 0',
      'impedance_shipping_dropped_total{destination="siem",cause="full"} 0',
      'impedance_shipping_dropped_total{destination="siem",cause="refused"} 0',
      'impedance_shipping_dropped_total{destination="siem",cause="closed"} 0',
      'impedance_shipping_buffered{destination="siem"} 0',
      'impedance_shipping_healthy{destination="siem"} 1',
    ]),
  );
  kept.record(1, 7);
  await kept.log.sink.close();
  const count = readFileSync(kept.at("decisions.jsonl"), "utf8").trimEnd().split("\n").length;
  expect(await samples(kept.metrics)).toContain(
    `impedance_shipping_shipped_total{destination="siem"} ${count}`,
  );
});

test.each([
  { title: "is not there", file: "nowhere.pem", says: "cannot be read (ENOENT)" },
  { title: "holds none", file: "audit.key", says: "holds no certificate (PEM)" },
])("a service does not start with a file of certificates that $title", async ({ file, says }) => {
  const entry = `{ kind: otlp, url: "https://127.0.0.1:1", ca_file: ${file} }`;
  await expect(openShipped([entry])).rejects.toThrow(says);
});
