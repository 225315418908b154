import { duplexPair } from "node:stream";
import { setImmediate as turn } from "node:timers/promises";
import fc from "fast-check";
import { expect, test } from "vitest";
import { encodeHeaders } from "../../../src/http2/hpack.ts";
import { Http2Server } from "../../../src/http2/server.ts";
import type { Stream } from "../../../src/http2/stream.ts";
import { cutAt } from "../../support/cut-at.ts";
import { streamListener } from "../../support/http2-service.ts";
import { frameOf, framesOf, numberOf, PREFACE, resetOf } from "../../support/raw-http2.ts";
import { SETTINGS, settingOf, windowUpdate } from "../../support/raw-peer.ts";

const OK = encodeHeaders([[":status", "200"]]);
const END = encodeHeaders([["x-end", "1"]]);
const BLOCK = encodeHeaders([[":path", "/"]]);

interface Effect {
  /** Of each stream, in order; bytes that follow one another are one. */
  readonly told: ReadonlyMap<number, readonly string[]>;
  readonly sent: Buffer;
  readonly isOpen: boolean;
}

/** Answers each stream whole at its end; every fifth at once, and every third is paused for a while. */
function serve(told: Map<number, string[]>, open: Set<Stream>): Http2Server {
  return new Http2Server((stream) => {
    const own: string[] = [];
    expect(told.has(stream.id)).toBe(false);
    told.set(stream.id, own);
    open.add(stream);
    const over = (how: string) => () => {
      own.push(how);
      open.delete(stream);
    };
    let heard = 0;
    stream.listen(
      streamListener({
        onData: (_bytes, start, end) => {
          expect(own).toEqual([]);
          expect(end).toBeGreaterThan(start);
          heard += end - start;
          if (stream.id % 3 === 0 && heard > 100) stream.pause();
        },
        onEnd: () => {
          own.push(`${heard} bytes`);
          stream.respond(OK, false);
          stream.write(Buffer.alloc(heard * 3, 1));
          stream.end(END);
        },
        ...{ onFinish: over("finish"), onReset: over("reset") },
      }),
    );
    if (stream.id % 5 === 0) stream.respond(OK, true);
  });
}

async function effectOf(pieces: readonly Buffer[]): Promise<Effect> {
  const told = new Map<number, string[]>();
  const open = new Set<Stream>();
  const server = serve(told, open);
  const [peer, socket] = duplexPair();
  const sent: Buffer[] = [];
  peer.on("data", (chunk: Buffer) => sent.push(chunk));
  peer.on("error", () => undefined);
  server.accept(socket);
  await settle();
  for (const piece of pieces) {
    peer.write(piece);
    await settle();
  }
  const isOpen = server.openConnections === 1;
  // FAIL CLOSED: nobody goes on on a connection that is not there.
  if (!isOpen) expect(open.size).toBe(0);
  server.close();
  expect([open.size, server.openConnections]).toEqual([0, 0]);
  for (const what of told.values()) {
    expect(what.filter((word) => word === "finish" || word === "reset").length).toBe(1);
    const end = what.findIndex((word) => word === "finish" || word === "reset");
    expect(end).toBe(what.length - 1);
  }
  return { told, sent: Buffer.concat(sent), isOpen };
}

/** What was received has been worked on, and what was answered has been sent. */
async function settle(): Promise<void> {
  for (let turns = 0; turns < 4; turns += 1) await turn();
}

const id = fc.integer({ min: 0, max: 12 });
const openId = fc.constantFrom(1, 3, 5, 7, 9, 11);
const flags = fc.integer({ min: 0, max: 255 });
const payload = fc.uint8Array({ maxLength: 60 });
const more = fc.constantFrom(0, 1, 100, 65_535, 2 ** 31 - 1);

const headers = fc
  .tuple(openId, fc.boolean())
  .map(([stream, isEnd]) => frameOf(1, isEnd ? 5 : 4, stream, BLOCK));
const data = fc
  .tuple(openId, fc.boolean(), fc.nat({ max: 300 }))
  .map(([stream, isEnd, length]) => frameOf(0, isEnd ? 1 : 0, stream, Buffer.alloc(length)));
const padded = fc
  .tuple(openId, fc.uint8Array({ minLength: 1, maxLength: 60 }))
  .map(([stream, bytes]) => frameOf(0, 8, stream, bytes));
const cutHeaders = fc
  .tuple(openId, fc.nat({ max: BLOCK.length }))
  .map(([stream, at]) =>
    Buffer.concat([
      frameOf(1, 1, stream, BLOCK.subarray(0, at)),
      frameOf(9, 4, stream, BLOCK.subarray(at)),
    ]),
  );
const settings = fc
  .tuple(fc.integer({ min: 1, max: 6 }), fc.constantFrom(0, 1, 10, 16_384, 70_000, 2 ** 31))
  .map(([name, value]) => frameOf(4, 0, 0, settingOf(name, value)));
const valid = fc.oneof(
  { weight: 4, arbitrary: headers },
  { weight: 4, arbitrary: data },
  { weight: 1, arbitrary: cutHeaders },
  { weight: 1, arbitrary: fc.tuple(openId, fc.nat({ max: 11 })).map((of) => resetOf(...of)) },
  { weight: 1, arbitrary: fc.tuple(openId, more).map((of) => windowUpdate(...of)) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(frameOf(6, 0, 0, Buffer.alloc(8)), windowUpdate(0, 100)),
  },
  { weight: 1, arbitrary: settings },
);
const anything = fc.oneof(
  fc
    .tuple(fc.integer({ min: 0, max: 11 }), flags, id, payload)
    .map(([type, set, stream, bytes]) => frameOf(type, set, stream, bytes)),
  fc.tuple(id, more).map(([stream, by]) => frameOf(8, 0, stream, numberOf(by))),
  padded,
  payload.map((bytes) => Buffer.from(bytes)),
);
const talk = fc
  .array(fc.oneof({ weight: 12, arbitrary: valid }, { weight: 1, arbitrary: anything }), {
    maxLength: 40,
  })
  .map((frames) => Buffer.concat([PREFACE, SETTINGS, ...frames]));
const cuts = fc.array(fc.nat({ max: 3_000 }), { maxLength: 12 });

test("whatever a peer says, every stream ends once, and none is open without its connection", async () => {
  await fc.assert(
    fc.asyncProperty(talk, cuts, async (bytes, places) => {
      const { sent } = await effectOf(cutAt(bytes, places));
      // What we say ourselves is whole frames.
      const length = framesOf(sent).reduce((sum, each) => sum + 9 + each.payload.length, 0);
      expect(length).toBe(sent.length);
    }),
    { numRuns: 300 },
  );
});

test("the same bytes have the same effect, wherever they are cut", async () => {
  await fc.assert(
    fc.asyncProperty(talk, cuts, async (bytes, places) => {
      const whole = await effectOf([bytes]);
      const cut = await effectOf(cutAt(bytes, places).filter(({ length }) => length > 0));
      expect(cut).toEqual(whole);
    }),
    { numRuns: 200 },
  );
});

test("bytes of one by one have the effect of all at once", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(valid, { maxLength: 8 }), async (frames) => {
      const bytes = Buffer.concat([PREFACE, SETTINGS, ...frames]);
      const each = Array.from(bytes, (_, at) => bytes.subarray(at, at + 1));
      expect(await effectOf(each)).toEqual(await effectOf([bytes]));
    }),
    { numRuns: 5 },
  );
});

test("of arbitrary bytes none opens a stream, and the connection ends", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uint8Array({ minLength: 1, maxLength: 200 }),
      cuts,
      async (bytes, places) => {
        fc.pre(bytes[0] !== PREFACE[0]);
        const { told, isOpen } = await effectOf(cutAt(bytes, places));
        expect([told.size, isOpen]).toEqual([0, false]);
      },
    ),
  );
});
