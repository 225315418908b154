import { once } from "node:events";
import { connect } from "node:http2";
import { expect, test } from "vitest";
import { decodeHuffman } from "../../../src/http2/huffman.ts";
import { fromBits, huffman, huffmanCode } from "../../support/hpack-encoder.ts";
import { serveHttp2 } from "../../support/http2-service.ts";

const EVERY_OCTET = Array.from({ length: 256 }, (_, octet) => octet);

test.each([
  { octet: 0, bits: "1111111111000" },
  { octet: 1, bits: "11111111111111111011000" },
  { octet: 10, bits: "111111111111111111111111111100" },
  { octet: 22, bits: "111111111111111111111111111110" },
  { octet: 255, bits: "11111111111111111111101110" },
  { octet: "&".charCodeAt(0), bits: "11111000" },
])("the code of octet $octet is that of RFC 7541, Appendix B", ({ octet, bits }) => {
  expect(huffmanCode(octet)).toBe(bits);
});

test("each octet is read from its code, alone and before and behind others", () => {
  for (const octet of EVERY_OCTET) {
    const own = String.fromCharCode(octet);
    for (const value of [own, `a${own}`, `${own}\x16${own}~`]) {
      const bytes = huffman(value);
      expect(decodeHuffman(bytes, 0, bytes.length)).toBe(value);
    }
  }
});

test("each octet that a header may hold is read as Node's client writes it", async () => {
  const values = EVERY_OCTET.filter((octet) => octet >= 0x20 && octet !== 0x7f)
    .map((octet) => `e${String.fromCharCode(octet)}${"e".repeat(20)}`)
    .map((value, index) => [`x-${index}`, value] as const);
  let read: readonly (readonly [string, string])[] = [];
  await using service = await serveHttp2((stream) => {
    read = stream.headers;
    stream.respond(Buffer.of(0x88), true);
  });
  const client = connect(`http://127.0.0.1:${service.port}`);
  const request = client.request({ ":path": "/", ...Object.fromEntries(values) });
  request.resume();
  await once(request, "close");
  client.destroy();
  expect(read.filter(([name]) => name.startsWith("x-"))).toEqual(values);
});

test.each([
  { title: "padding of zeros", bits: "0001100000000000" },
  { title: "padding of eight bits", bits: "00011111".concat("11111111") },
  { title: "the end mark", bits: `00011${"1".repeat(30)}11111` },
  { title: "the end mark alone", bits: "1".repeat(32) },
  { title: "half of a code", bits: "1111111111111110" },
])("refuses $title", ({ bits }) => {
  const bytes = fromBits(bits);
  expect(decodeHuffman(bytes, 0, bytes.length)).toBe(null);
});

test.each([
  { title: "padding of ones", bits: "00011111", value: "a" },
  { title: "no padding", bits: "11111000", value: "&" },
  { title: "nothing", bits: "", value: "" },
])("takes $title", ({ bits, value }) => {
  const bytes = fromBits(bits);
  expect(decodeHuffman(bytes, 0, bytes.length)).toBe(value);
});

test("reads only between the two places", () => {
  const bytes = Buffer.concat([Buffer.of(0xff), huffman("www.example.com"), Buffer.of(0)]);
  expect(decodeHuffman(bytes, 1, bytes.length - 1)).toBe("www.example.com");
});
