import { describe, expect, test } from "vitest";
import { decodeClientCertificates, peerOf } from "../../../src/envoy/client-certificate-header.ts";
import { expectLinear } from "../../support/linear.ts";

const HASH = "468ed33be74eee6556d90c0149c1309e9ba61d6425303443c0748a02dd8de688";

function read(header: string) {
  return decodeClientCertificates(header)?.map((element) => Object.fromEntries(element)) ?? null;
}

describe("x-forwarded-client-cert", () => {
  test.each([
    {
      header: `Hash=${HASH};URI=spiffe://a/b`,
      elements: [{ hash: [HASH], uri: ["spiffe://a/b"] }],
    },
    {
      header: `By=http://frontend.lyft.com;Subject="/C=US/ST=CA/OU=Lyft/CN=Test Client";URI=`,
      elements: [
        {
          by: ["http://frontend.lyft.com"],
          subject: ["/C=US/ST=CA/OU=Lyft/CN=Test Client"],
          uri: [""],
        },
      ],
    },
    { header: "URI=a,URI=b", elements: [{ uri: ["a"] }, { uri: ["b"] }] },
    { header: "URI=a, URI=b", elements: [{ uri: ["a"] }, { uri: ["b"] }] },
    { header: String.raw`Subject="a\",URI=b;\\"`, elements: [{ subject: [`a",URI=b;\\`] }] },
    {
      header: `Subject="x,URI=spiffe://a/admin",URI=b`,
      elements: [{ subject: ["x,URI=spiffe://a/admin"] }, { uri: ["b"] }],
    },
    { header: "DNS=a;DNS=b", elements: [{ dns: ["a", "b"] }] },
  ])("reads $header", ({ header, elements }) => {
    expect(read(header)).toEqual(elements);
  });

  test.each([
    "",
    ",",
    ";",
    "URI",
    "URI=a;",
    "URI=a,",
    ",URI=a",
    "URI=a;;By=b",
    'Subject="never closed',
    'Subject="a"b;URI=c',
    'URI=a"b"',
    String.raw`Subject="a\n"`,
    "URI=a b",
    " URI=a",
    "URI=a ,URI=b",
    "URI=a,  URI=b",
    "=a",
    "U-RI=a",
    "URI=a\\,b",
    Array.from({ length: 33 }, () => "URI=a").join(","),
    Array.from({ length: 65 }, () => "DNS=a").join(";"),
  ])("believes nothing of “%s”", (header) => {
    expect(read(header)).toBeNull();
  });

  test("takes time in proportion to what is sent", () => {
    for (const part of ['"', "\\", 'a="', "a=", "a=,", 'S="\\\\', "DNS=a;", ", "]) {
      expectLinear((length) => {
        decodeClientCertificates(part.repeat(length / part.length));
        decodeClientCertificates(`Subject="${part.repeat(length / part.length)}`);
      }, 480_000);
    }
  });
});

describe("what is believed of an element", () => {
  const peer = (header: string) => {
    const [element] = decodeClientCertificates(header) ?? [];
    return element === undefined ? undefined : peerOf(element);
  };

  test("is its names and its fingerprint", () => {
    const header = `By=spiffe://a/us;Hash=${HASH.toUpperCase()};Subject="CN=x,O=y";URI=spiffe://a/b;DNS=c;DNS=d`;
    expect(peer(header)).toEqual({
      uri: "spiffe://a/b",
      dns: "c",
      subject: "CN=x,O=y",
      fingerprint: HASH,
    });
  });

  test.each([
    { header: "URI=spiffe://a/b;URI=spiffe://a/admin" },
    { header: "URI=;URI=spiffe://a/admin" },
    { header: "URI=spiffe://a/b;uri=spiffe://a/admin" },
    { header: 'Subject="a";Subject="b"' },
    { header: `Hash=${HASH};Hash=${HASH}` },
  ])("is nothing where $header leaves a choice", ({ header }) => {
    expect(peer(header)).toBeNull();
  });

  test("has no fingerprint that is none", () => {
    expect(peer("Hash=abc;URI=u")).toEqual({
      uri: "u",
      dns: null,
      subject: null,
      fingerprint: null,
    });
  });
});
