import { describe, expect, test } from "vitest";

import { createDurableFirewall } from "../../../src/pipeline/durable.ts";
import { answerHead, bytesOf, createDataPath, headOf } from "../../golden/data-path.ts";
import { toolCall, toolResult } from "../../support/messages.ts";

/** A disk that has what was written, or has not; and how often it was waited for. */
function createDisk(takes: boolean) {
  const disk = { takes, waits: 0 };
  const settled = async () => {
    disk.waits += 1;
    return disk.takes;
  };
  return { disk, settled };
}

async function open(takes: boolean) {
  const path = await createDataPath({});
  const { disk, settled } = createDisk(takes);
  const exchange = createDurableFirewall(path.firewall, settled).open(headOf({}));
  await exchange.requestHead();
  return { disk, exchange };
}

describe("a firewall whose word stands once the disk has it", () => {
  test("lets a request and its answer through when the disk has both decisions", async () => {
    const { disk, exchange } = await open(true);
    const there = await exchange.request(bytesOf(toolCall(7)));
    exchange.responseHead(answerHead(200));
    const back = await exchange.response(bytesOf(toolResult(7, "done")));
    expect([there.kind, back.kind, disk.waits]).toEqual(["forward", "forward", 2]);
  });

  test("denies a request that the disk does not take", async () => {
    const { exchange } = await open(false);
    const verdict = await exchange.request(bytesOf(toolCall(7)));
    if (verdict.kind !== "deny") throw new Error("it was let through");
    const body = JSON.parse(Buffer.from(verdict.denial.body).toString());
    expect(body).toMatchObject({ id: 7, error: { data: { code: "audit_unavailable" } } });
  });

  test("denies an answer that the disk does not take", async () => {
    const { disk, exchange } = await open(true);
    await exchange.request(bytesOf(toolCall(7)));
    disk.takes = false;
    exchange.responseHead(answerHead(200));
    expect((await exchange.response(bytesOf(toolResult(7, "done")))).kind).toBe("deny");
  });

  test("ends a stream at the first event that the disk does not take, with an error", async () => {
    const { disk, exchange } = await open(true);
    await exchange.request(bytesOf(toolCall(7)));
    const head = { status: 200, headers: new Map([["content-type", "text/event-stream"]]) };
    expect(exchange.responseHead(head).kind).toBe("stream");
    disk.takes = false;
    const event = `data: ${JSON.stringify(toolResult(7, "done"))}\n\n`;
    const { bytes, end } = await exchange.streamChunk(Buffer.from(event), false);
    const text = Buffer.from(bytes).toString();
    expect(end).toBe(true);
    expect(text).not.toContain("done");
  });

  test("does not wait before it refuses", async () => {
    const { disk, exchange } = await open(true);
    expect((await exchange.request(bytesOf(toolCall(7, {}, "shell")))).kind).toBe("deny");
    expect(disk.waits).toBe(0);
  });
});
