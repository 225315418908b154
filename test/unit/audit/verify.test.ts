import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { linkLine } from "../../../src/audit/chain.ts";
import { createSigner, generateKeys, readPublicKeys } from "../../../src/audit/signing.ts";
import type { Verification, VerifyOptions } from "../../../src/audit/verify.ts";
import { expand, verifyFiles } from "../../../src/audit/verify-files.ts";
import { decision, KEYS, openTestLog, temporaryFolder } from "../../support/decision-log.ts";

const folder = temporaryFolder();
afterAll(() => folder[Symbol.dispose]());

const OPTIONS: VerifyOptions = { keys: KEYS.publicKeys, isLive: false, isPartial: false };

/** Lines: start, d-0, d-1, checkpoint, d-2, d-3, d-4, checkpoint, closing checkpoint. */
let lines: readonly string[];

beforeAll(async () => {
  const path = folder.at("made.jsonl");
  const sink = openTestLog([path], { checkpointEvents: 3 });
  for (let index = 0; index < 5; index++) sink.record(decision(`d-${index}`));
  await sink.close();
  lines = readFileSync(path, "utf8").trimEnd().split("\n");
});

async function verified(
  parts: readonly string[],
  options: Partial<VerifyOptions> = {},
): Promise<Verification> {
  const path = folder.at("log.jsonl");
  writeFileSync(path, parts.map((part) => `${part}\n`).join(""));
  return await verifyFiles([path], { ...OPTIONS, ...options });
}

function codes({ problems }: Verification) {
  return problems.map(({ code, line, seq }) => [code, line, seq]);
}

/** As whoever can compute a hash, and has no key, would write it. */
function rehashed(line: string): string {
  const body = line.slice(0, -75);
  return `${body},"hash":"${createHash("sha256").update(body).digest("hex")}"}`;
}

function relinked(from: readonly string[]): readonly string[] {
  let hash = "0".repeat(64);
  return from.map((line, index) => {
    const renumbered = line.replace(
      /^\{"seq":\d+,("lane":"[^"]+"),"prev_hash":"[^"]+"/,
      `{"seq":${index + 1},$1,"prev_hash":"${hash}"`,
    );
    const linked = rehashed(renumbered);
    hash = linked.slice(-66, -2);
    return linked;
  });
}

const flip = (line = "") => line.replace('"d-2"', '"d-X"');

describe("verify names the place of", () => {
  test("a line that was edited, by file, line and seq", async () => {
    const found = await verified(lines.with(4, flip(lines[4])));
    expect(codes(found)).toEqual([["edited", 5, 5]]);
    expect(found.problems[0]?.file).toBe(folder.at("log.jsonl"));
  });

  test("a line that was edited and given a fitting hash: the next one tells", async () => {
    const forged = lines.with(4, rehashed(flip(lines[4])));
    expect(codes(await verified(forged))).toEqual([["unlinked", 6, 6]]);
  });

  test("a line that was edited, with all hashes after it made anew: the signature tells", async () => {
    const forged = relinked(lines.with(4, flip(lines[4])));
    const found = codes(await verified(forged));
    expect(found).toEqual([
      ["signature", 8, 8],
      ["signature", 9, 9],
    ]);
  });

  test("lines that were taken out, and the numbers healed: the signature tells", async () => {
    const forged = relinked(lines.toSpliced(1, 1));
    expect(codes(await verified(forged))[0]).toEqual(["signature", 3, 3]);
  });

  test("checkpoints that were taken out, and the chain made anew", async () => {
    const forged = relinked(lines.filter((line) => !line.includes('"kind":"checkpoint"')));
    expect(codes(await verified(forged))).toEqual([
      ["unsigned", 6, 6],
      ["not_closed", 6, 6],
    ]);
  });

  test.each([
    { title: "a line that is gone", cut: [2, 1], want: [["missing", 3, 4]] },
    { title: "several lines that are gone", cut: [1, 3], want: [["missing", 2, 5]] },
    { title: "the first line", cut: [0, 1], want: [["beginning_missing", 1, 2]] },
    { title: "the last line", cut: [8, 1], want: [["not_closed", 8, 8]] },
  ])("$title", async ({ cut: [start = 0, count], want }) => {
    expect(codes(await verified(lines.toSpliced(start, count ?? 0)))).toEqual(want);
  });

  test("what was put in between", async () => {
    const found = await verified(lines.toSpliced(5, 0, "{}"));
    expect(codes(found)).toEqual([["malformed", 6, null]]);
  });

  test("a chain of somebody else's, in between", async () => {
    const start = { lane: "other", seq: 0, hash: "0".repeat(64) };
    const { line } = linkLine(start, '{"kind":"decision","decision_id":"x"}');
    const found = await verified(lines.toSpliced(5, 0, line));
    expect(codes(found)).toEqual([
      ["unsigned", 6, 1],
      ["not_closed", 6, 1],
    ]);
  });

  test("a file without a line", async () => {
    expect(codes(await verified([]))).toEqual([["empty", null, null]]);
  });
});

describe("verify", () => {
  test("takes a log that is still written, when it is told so", async () => {
    const open = lines.slice(0, 6);
    expect((await verified(open)).ok).toBe(false);
    expect((await verified(open, { isLive: true })).ok).toBe(true);
    expect((await verified(lines.slice(2, 6), { isPartial: true })).ok).toBe(true);
  });

  test("finds a tail that was cut off before the service was started again", async () => {
    const path = folder.at("restarted.jsonl");
    const first = openTestLog([path], { checkpointEvents: 2 });
    for (const id of ["a", "b", "c"]) first.record(decision(id));
    await first.close();
    const kept = readFileSync(path, "utf8").trimEnd().split("\n").slice(0, -2);
    writeFileSync(path, `${kept.join("\n")}\n`);
    const second = openTestLog([path]);
    await second.close();
    const found = await verifyFiles([path], OPTIONS);
    expect(codes(found)).toEqual([["cut", kept.length + 1, kept.length + 1]]);
  });

  test("holds checkpoints to the keys that are given, and to no others", async () => {
    const other = readPublicKeys(generateKeys().publicKey);
    expect((await verified(lines, { keys: other })).problems.map(({ code }) => code)).toEqual(
      Array(3).fill("signature"),
    );
    const both = readPublicKeys(`${generateKeys().publicKey}${KEYS.publicKey}`);
    expect((await verified(lines, { keys: both })).ok).toBe(true);
    expect((await verified(lines, { keys: null })).ok).toBe(true);
  });

  test("finds the files of a log by its name, in the order in which they were written", async () => {
    using own = temporaryFolder();
    for (const name of [
      "log.jsonl",
      "log.000000000009.jsonl",
      "log.000000000001.jsonl",
      "x.jsonl",
    ]) {
      writeFileSync(own.at(name), "");
    }
    expect(expand(own.at("log.jsonl"))).toEqual(
      ["log.000000000001.jsonl", "log.000000000009.jsonl", "log.jsonl"].map(own.at),
    );
    expect(expand(own.at(".")).length).toBe(4);
  });

  test("keeps no more of a line than a line may have", async () => {
    const path = folder.at("long.jsonl");
    writeFileSync(path, Buffer.alloc(40 * 1024 * 1024, 0x61));
    const found = await verifyFiles([path], OPTIONS);
    expect(codes(found)).toEqual([["too_long", 1, null]]);
  });
});

describe("a signing key", () => {
  const { privateKey, publicKey } = generateKeys();
  test("is read from PEM, and as its seed in hexadecimal, base64 or bytes", () => {
    const pem = createSigner(Buffer.from(privateKey));
    const der = Buffer.from(privateKey.replace(/-----.*-----|\n/g, ""), "base64");
    const seed = der.subarray(-32);
    const forms = [seed, seed.toString("hex"), seed.toString("base64")];
    const signers = forms.map((form) => createSigner(Buffer.from(form)));
    if (!pem.ok) throw new Error(pem.error);
    const [id] = readPublicKeys(publicKey)?.keys() ?? [];
    expect(pem.value.keyId).toBe(id);
    expect(signers.map((one) => one.ok && one.value.keyId)).toEqual([id, id, id]);
  });

  test.each([
    { title: "a password", key: "hunter2hunter2hunter2" },
    { title: "a public key", key: publicKey },
    { title: "half a PEM", key: privateKey.slice(0, 60) },
  ])("that is $title is refused without a word of it", ({ key }) => {
    const refused = createSigner(Buffer.from(key));
    expect(refused.ok).toBe(false);
    expect(JSON.stringify(refused)).not.toContain(key.slice(0, 12));
  });
});
