import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

import {
  canReadRevocations,
  createRevocations,
  decodeRevocations,
} from "../../../src/identity/revocations.ts";

describe("a list of what was revoked", () => {
  test("names tokens by key, id and subject of an issuer or of any, and API keys", () => {
    const list = decodeRevocations(
      "# why\n\nsub corp alice b\r\njti * t1\n  kid  corp\tk1\nkey ci\n",
    );
    const asked = [
      ["sub", "corp", "alice b"],
      ["sub", "other", "alice b"],
      ["sub", "corp", "alice"],
      ["jti", "other", "t1"],
      ["kid", "corp", "k1"],
      ["kid", "corp", "t1"],
      ["key", "*", "ci"],
      ["key", "*", "other"],
    ] as const;
    expect(asked.map(([kind, issuer, value]) => list?.has(kind, issuer, value))).toEqual([
      ...[true, false, false, true],
      ...[true, false, true, false],
    ]);
  });

  test.each(["sub corp", "jti", "who corp alice", "key", "key a b", "{}"])(
    "with the line %j is none at all",
    (line) => {
      expect(decodeRevocations(`jti * good\n${line}\n`)).toBeNull();
    },
  );
});

describe("a file of it", () => {
  let folder = "";
  let file = "";
  let now = 0;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "impedance-revoked-"));
    file = join(folder, "revoked.txt");
    now = 0;
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  test("is read again when it changes, and counts for nothing once it cannot be", () => {
    const revocations = createRevocations(file, { monotonic: () => now });
    const step = () => {
      now += 1_000;
      return revocations.current();
    };
    expect(step()).toBeNull();
    writeFileSync(file, "");
    expect(step()?.has("jti", "corp", "t1")).toBe(false);
    writeFileSync(file, "jti corp t1\n");
    expect(step()?.has("jti", "corp", "t1")).toBe(true);
    writeFileSync(file, "nonsense\n");
    expect(step()).toBeNull();
    writeFileSync(file, Buffer.from([0xff, 0xfe]));
    expect(step()).toBeNull();
    rmSync(file);
    expect(step()).toBeNull();
  });

  test("is looked at no more than once a second", () => {
    writeFileSync(file, "");
    const revocations = createRevocations(file, { monotonic: () => now });
    revocations.current();
    writeFileSync(file, "jti corp t1\n");
    now += 999;
    expect(revocations.current()?.has("jti", "corp", "t1")).toBe(false);
    now += 1;
    expect(revocations.current()?.has("jti", "corp", "t1")).toBe(true);
  });

  test("is asked for before the start", () => {
    expect(canReadRevocations(file)).toBe(false);
    writeFileSync(file, "key ci\n");
    expect(canReadRevocations(file)).toBe(true);
  });
});
