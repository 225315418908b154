import { describe, expect, test } from "vitest";
import { encodeHeaders, HeaderDecoder } from "../../../src/http2/hpack.ts";
import { STATIC_TABLE } from "../../../src/http2/static-table.ts";
import { HpackEncoder, integer, octets } from "../../support/hpack-encoder.ts";
import { memoryInUse } from "../../support/memory.ts";

const LIST_MAX_BYTES = 64 * 1024;

function decoder(): HeaderDecoder {
  return new HeaderDecoder(LIST_MAX_BYTES);
}

function hex(...parts: readonly string[]): Buffer {
  return Buffer.from(parts.join("").replaceAll(" ", ""), "hex");
}

const FIRST_REQUEST = [
  [":method", "GET"],
  [":scheme", "http"],
  [":path", "/"],
  [":authority", "www.example.com"],
];
const REQUESTS = [
  FIRST_REQUEST,
  [...FIRST_REQUEST, ["cache-control", "no-cache"]],
  [
    [":method", "GET"],
    [":scheme", "https"],
    [":path", "/index.html"],
    [":authority", "www.example.com"],
    ["custom-key", "custom-value"],
  ],
];

describe("reads the examples of RFC 7541, Appendix C", () => {
  test.each([
    {
      section: "C.2.1",
      block: hex("400a637573746f6d2d6b65790d637573746f6d2d686561646572"),
      field: ["custom-key", "custom-header"],
    },
    {
      section: "C.2.2",
      block: hex("040c2f73616d706c652f70617468"),
      field: [":path", "/sample/path"],
    },
    {
      section: "C.2.3",
      block: hex("100870617373776f726406736563726574"),
      field: ["password", "secret"],
    },
    { section: "C.2.4", block: hex("82"), field: [":method", "GET"] },
  ])("section $section", ({ block, field }) => {
    expect(decoder().decode(block)).toEqual([field]);
  });

  test.each([
    {
      section: "C.3",
      blocks: [
        hex("828684410f7777772e6578616d706c652e636f6d"),
        hex("828684be58086e6f2d6361636865"),
        hex("828785bf400a637573746f6d2d6b65790c637573746f6d2d76616c7565"),
      ],
    },
    {
      section: "C.4, with Huffman's code",
      blocks: [
        hex("828684418cf1e3c2e5f23a6ba0ab90f4ff"),
        hex("828684be5886a8eb10649cbf"),
        hex("828785bf408825a849e95ba97d7f8925a849e95bb8e8b4bf"),
      ],
    },
  ])("section $section: requests", ({ blocks }) => {
    const one = decoder();
    expect(blocks.map((block) => one.decode(block))).toEqual(REQUESTS);
  });

  test.each([
    {
      section: "C.5",
      blocks: [
        hex(
          "4803333032580770726976617465611d4d6f6e2c203231204f637420323031332032303a31333a323120474d54",
          "6e1768747470733a2f2f7777772e6578616d706c652e636f6d",
        ),
        hex("4803333037c1c0bf"),
        hex(
          "88c1611d4d6f6e2c203231204f637420323031332032303a31333a323220474d54c05a04677a69707738666f6f",
          "3d4153444a4b48514b425a584f5157454f50495541585157454f49553b206d61782d6167653d333630303b2076",
          "657273696f6e3d31",
        ),
      ],
    },
    {
      section: "C.6, with Huffman's code",
      blocks: [
        hex(
          "488264025885aec3771a4b6196d07abe941054d444a8200595040b8166e082a62d1bff",
          "6e919d29ad171863c78f0b97c8e9ae82ae43d3",
        ),
        hex("4883640effc1c0bf"),
        hex(
          "88c16196d07abe941054d444a8200595040b8166e084a62d1bffc05a839bd9ab77ad94e7821dd7f2e6c7b335df",
          "dfcd5b3960d5af27087f3672c1ab270fb5291f9587316065c003ed4ee5b1063d5007",
        ),
      ],
    },
  ])("section $section: responses, in a table of 256 bytes", ({ blocks: [first, ...others] }) => {
    const one = decoder();
    // The examples have a smaller table from the start: it is said in front of the first block.
    const withSize = Buffer.concat([integer(256, 5, 0x20), first ?? Buffer.alloc(0)]);
    const date = "Mon, 21 Oct 2013 20:13:21 GMT";
    const rest = [
      ["cache-control", "private"],
      ["date", date],
      ["location", "https://www.example.com"],
    ];
    expect([withSize, ...others].map((block) => one.decode(block))).toEqual([
      [[":status", "302"], ...rest],
      [[":status", "307"], ...rest],
      [
        [":status", "200"],
        ["cache-control", "private"],
        ["date", date.replace(":21 ", ":22 ")],
        ["location", "https://www.example.com"],
        ["content-encoding", "gzip"],
        ["set-cookie", "foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1"],
      ],
    ]);
  });
});

test("each entry of the static table has its index", () => {
  expect(STATIC_TABLE.length).toBe(61);
  for (const [index, field] of STATIC_TABLE.entries()) {
    expect(decoder().decode(integer(index + 1, 7, 0x80))).toEqual([field]);
  }
});

test.each([
  { title: "the index 0", block: hex("80") },
  { title: "an index behind the table", block: hex("be") },
  { title: "the name of an index behind the table", block: hex("7f0000") },
  { title: "an integer that is cut off", block: hex("ff") },
  { title: "an integer that goes on for ever", block: hex("ffffffffffffffffff01") },
  { title: "a text that is cut off", block: hex("000561") },
  { title: "a name without a value", block: hex("000161") },
  { title: "Huffman's code with an end mark", block: hex("0084ffffffff00") },
  { title: "a table larger than announced", block: integer(4097, 5, 0x20) },
  { title: "a new size behind a field", block: hex("8220") },
])("refuses $title", ({ block }) => {
  expect(decoder().decode(block)).toBe(null);
});

test.each([
  { title: "a table as large as announced", block: integer(4096, 5, 0x20), fields: [] },
  { title: "two new sizes", block: hex("203f0182"), fields: [[":method", "GET"]] },
  { title: "nothing", block: hex(""), fields: [] },
])("takes $title", ({ block, fields }) => {
  expect(decoder().decode(block)).toEqual(fields);
});

test("long texts in Huffman's code are read as they are, again and in turn", () => {
  const reader = decoder();
  const texts = [
    "/one",
    "/a/path/of/some/length/to/a/method",
    "/a/path/of/other/length/to/a/place",
  ];
  for (const path of [...texts, ...texts, texts[1], texts[1], "", texts[2]]) {
    // A literal without indexing, with the name of the fourth entry.
    const block = Buffer.concat([Buffer.of(0x04), octets(path ?? "", true)]);
    expect(reader.decode(block)).toEqual([[":path", path]]);
  }
});

test("a list that says more than announced is refused, be its block ever so small", () => {
  const one = decoder();
  const value = "x".repeat(4_000);
  const added = Buffer.concat([hex("400161"), octets(value, false)]);
  expect(one.decode(added)).toEqual([["a", value]]);
  expect(one.decode(Buffer.alloc(16, 0xbe))?.length).toBe(16);
  expect(one.decode(Buffer.alloc(17, 0xbe))).toBe(null);
});

test("a field longer than the table empties it, and is in no block behind it", () => {
  const one = decoder();
  const long = Buffer.concat([hex("400161"), octets("x".repeat(5_000), false)]);
  expect(one.decode(hex("4001620163"))).toEqual([["b", "c"]]);
  expect(one.decode(hex("be"))).toEqual([["b", "c"]]);
  expect(one.decode(long)?.length).toBe(1);
  expect(one.decode(hex("be"))).toBe(null);
});

test("what has left the table is not kept", () => {
  const one = decoder();
  const fill = (): void => {
    for (let round = 0; round < 100; round += 1) {
      const value = String(round).padEnd(60_000, "x");
      expect(one.decode(Buffer.concat([hex("400161"), octets(value, false)]))?.length).toBe(1);
    }
  };
  const before = memoryInUse();
  fill();
  expect(memoryInUse() - before).toBeLessThan(3_000_000);
  expect(one.decode(hex("82"))).toEqual([[":method", "GET"]]);
});

test("what is written is read, short and long", () => {
  const fields = [
    [":status", "200"],
    ["grpc-message", "x".repeat(126)],
    ["grpc-message", "x".repeat(127)],
    ["grpc-message", "x".repeat(128 + 126)],
    ["grpc-message", "x".repeat(128 + 127)],
    ["empty", ""],
  ] as const;
  expect(decoder().decode(encodeHeaders(fields))).toEqual(fields);
});

test("the encoder of these tests writes the first request as the examples do", () => {
  const block = new HpackEncoder().encode([
    { kind: "field", field: ["custom-key", "custom-value"], isCoded: true, as: "added" },
  ]);
  expect(block.toString("hex")).toBe("408825a849e95ba97d7f8925a849e95bb8e8b4bf");
});
