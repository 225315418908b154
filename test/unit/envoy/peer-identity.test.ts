import { X509Certificate } from "node:crypto";
import { expect, test } from "vitest";
import { namesOf } from "../../../src/envoy/peer-identity.ts";
import { createAuthority } from "../../support/authority.ts";

test.each([
  { text: undefined, names: [] },
  { text: "", names: [] },
  { text: "URI:spiffe://mesh/envoy", names: ["spiffe://mesh/envoy"] },
  {
    text: "DNS:a.test, IP Address:10.0.0.1, URI:spiffe://mesh/b",
    names: ["a.test", "spiffe://mesh/b"],
  },
  { text: 'DNS:"a.test, URI:spiffe://mesh/envoy", DNS:b.test', names: ["b.test"] },
  { text: String.raw`URI:"x\", URI:spiffe://mesh/envoy, DNS:\"y", DNS:b`, names: ["b"] },
  { text: 'DNS:"never closed, URI:spiffe://mesh/envoy', names: [] },
  { text: "email:a@b, URI:u", names: ["u"] },
  { text: "DNS:a,URI:spiffe://mesh/envoy", names: [] },
])("of “$text” the names are $names", ({ text, names }) => {
  expect(namesOf(text)).toEqual(names);
});

test("a name in a real certificate that reads as two is none", () => {
  using authority = createAuthority();
  const text = (cert: string): string | undefined => new X509Certificate(cert).subjectAltName;
  const honest = authority.issue({ names: ["URI:spiffe://mesh/envoy", "DNS:a.test"] });
  expect(namesOf(text(honest.cert))).toEqual(["spiffe://mesh/envoy", "a.test"]);
});
