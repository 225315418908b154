import { describe, expect, test } from "vitest";
import type { Peer, RequestHead } from "../../../src/core/exchange.ts";
import type { Trust } from "../../../src/core/trust.ts";
import { NO_TRUST } from "../../../src/core/trust.ts";
import { createTrusted } from "../../../src/envoy/trust.ts";
import { headOf } from "../../golden/data-path.ts";

const PEER: Peer = {
  uri: "spiffe://mesh/ingress",
  dns: "ingress.test",
  subject: "CN=ingress",
  fingerprint: "aa",
};

function headWith(
  headers: { readonly [name: string]: string },
  source: RequestHead["source"] = { ip: "10.0.0.9", spiffe: null },
): RequestHead {
  return { ...headOf({ headers }), source };
}

describe("the caller's address", () => {
  const XFF = "x-forwarded-for";
  test.each([
    { hops: 0, forwarded: "1.1.1.1, 2.2.2.2, 10.0.0.9", ip: "10.0.0.9" },
    { hops: 1, forwarded: "1.1.1.1, 2.2.2.2, 10.0.0.9", ip: "2.2.2.2" },
    { hops: 2, forwarded: "1.1.1.1, 2.2.2.2, 10.0.0.9", ip: "1.1.1.1" },
    { hops: 3, forwarded: "1.1.1.1, 2.2.2.2, 10.0.0.9", ip: "10.0.0.9" },
    { hops: 1, forwarded: "1.1.1.1,2001:db8::1,10.0.0.9", ip: "2001:db8::1" },
    { hops: 1, forwarded: "1.1.1.1, 2.2.2.2", ip: "10.0.0.9" },
    { hops: 1, forwarded: "10.0.0.9", ip: "10.0.0.9" },
    { hops: 1, forwarded: "localhost, 10.0.0.9", ip: "10.0.0.9" },
    { hops: 1, forwarded: "1.1.1.1:80, 10.0.0.9", ip: "10.0.0.9" },
    { hops: 1, forwarded: "", ip: "10.0.0.9" },
  ])("with $hops hops of “$forwarded” is $ip", ({ hops, forwarded, ip }) => {
    const trusted = createTrusted({ ...NO_TRUST, forwardedForHops: hops });
    expect(trusted(headWith({ [XFF]: forwarded })).source.ip).toBe(ip);
  });

  test.each(["127.0.0.1", "::1"])("behind a proxy on the same machine, %s, too", (seen) => {
    const trusted = createTrusted({ ...NO_TRUST, forwardedForHops: 1 });
    const head = headWith({ [XFF]: "1.1.1.1,2.2.2.2,192.0.2.2" }, { ip: seen, spiffe: null });
    expect(trusted(head).source.ip).toBe("2.2.2.2");
  });

  test("is Envoy's where there is no header", () => {
    const trusted = createTrusted({ ...NO_TRUST, forwardedForHops: 1 });
    expect(trusted(headWith({})).source.ip).toBe("10.0.0.9");
  });
});

describe("the caller's certificate", () => {
  const FORWARDED = { "x-forwarded-client-cert": "URI=spiffe://mesh/b,URI=spiffe://mesh/a" };
  const through = (from: readonly string[], hop = 1): Trust => ({
    forwardedForHops: 0,
    clientCertificate: { hop, from },
  });
  const ingress = { ip: "10.0.0.9", spiffe: "spiffe://mesh/ingress", peer: PEER };

  test.each([
    { title: "nobody is trusted", trust: NO_TRUST, source: ingress },
    {
      title: "somebody else is",
      trust: through(["spiffe://mesh/other", "10.0.0.8"]),
      source: ingress,
    },
    {
      title: "one without a certificate sends it",
      trust: through(["spiffe://*"]),
      source: { ip: "10.0.0.9", spiffe: null },
    },
  ])("is the one on the wire where $title", ({ trust, source }) => {
    expect(createTrusted(trust)(headWith(FORWARDED, source)).source).toEqual(source);
  });

  test.each([
    { from: "spiffe://mesh/ingress", hop: 1, spiffe: "spiffe://mesh/a" },
    { from: "ingress.test", hop: 1, spiffe: "spiffe://mesh/a" },
    { from: "10.0.0.*", hop: 2, spiffe: "spiffe://mesh/b" },
    { from: "10.0.0.9", hop: 3, spiffe: null },
  ])("is told by $from, at hop $hop", ({ from, hop, spiffe }) => {
    const { source } = createTrusted(through([from], hop))(headWith(FORWARDED, ingress));
    expect(source.spiffe).toBe(spiffe);
    expect(source.peer).toEqual({ uri: spiffe, dns: null, subject: null, fingerprint: null });
  });

  test("is never the ingress's own behind a trusted ingress", () => {
    const { source } = createTrusted(through(["10.0.0.9"]))(headWith({}, ingress));
    expect(source).toEqual({ ip: "10.0.0.9", spiffe: null });
  });

  test("is nobody's where the header cannot be read", () => {
    const header = { "x-forwarded-client-cert": 'URI="spiffe://mesh/a' };
    const { source } = createTrusted(through(["10.0.0.9"]))(headWith(header, ingress));
    expect(source.peer).toEqual({ uri: null, dns: null, subject: null, fingerprint: null });
  });
});
