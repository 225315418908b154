import { describe, expect, test } from "vitest";
import { mayLeadInside, namesIn } from "../../../../src/guard/attacks/ssrf/names.ts";
import { expectLinear } from "../../../support/linear.ts";

describe("the names that DNS is asked about", () => {
  test.each<readonly [text: string, argument: string, names: readonly string[]]>([
    ["https://Example.com:8443/a?b=c#d", "url", ["example.com"]],
    ["https://user@example.com/", "q", ["user", "example.com"]],
    ["  https://exa\tmple.com ", "url", ["example.com"]],
    ["https://bücher.example/", "url", ["xn--bcher-kva.example"]],
    ["https://example.com./", "url", ["example.com"]],
    ["https://a.example/?next=//b.example/", "url", ["a.example", "b.example"]],
    ["//a.example/x", "q", ["a.example"]],
    ["a.example/x", "url", ["a.example"]],
    ["a.example", "host", ["a.example"]],
    ["gopher://a.example:70/_x", "q", ["a.example"]],
    ["https%3A%2F%2Fa.example%2F", "url", ["a.example"]],
  ])("%j as %s: %j", (text, argument, names) => {
    expect(namesIn(text, argument)).toEqual(expect.arrayContaining([...names]));
  });

  test.each<readonly [text: string, argument: string]>([
    ["https://10.0.0.1/", "url"],
    ["https://[2001:db8::1]/", "url"],
    ["https://localhost/", "url"],
    ["file:///srv/a.txt", "url"],
    ["/srv/reports/a.txt", "url"],
    ["a.example", "q"],
    ["src/index.ts", "path"],
    ["See https://a.example/ for more about it", "note"],
    [`https://${"a".repeat(64)}.example/`, "url"],
    [`https://a.example/${"a".repeat(4_096)}`, "url"],
    ["plain", "url2"],
  ])("%j as %s: none", (text, argument) => {
    expect(namesIn(text, argument)).toEqual([]);
  });

  test("a hostile text costs no more than its length", () => {
    for (const part of ["https://", "a.", "@", "//=//", "%25", "\\"]) {
      expectLinear((length) => {
        for (let time = 0; time < 100; time += 1) namesIn(part.repeat(length / part.length), "url");
      }, 2_048);
    }
  });
});

test.each<readonly [answer: readonly string[] | null | undefined, leads: boolean]>([
  [["93.184.216.34"], false],
  [["93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946"], false],
  [[], false],
  [["93.184.216.34", "10.0.0.1"], true],
  [["127.0.0.1"], true],
  [["169.254.169.254"], true],
  [["100.64.0.1"], true],
  [["0.0.0.0"], true],
  [["::1"], true],
  [["fe80::1"], true],
  [["fd00::1"], true],
  [["::ffff:10.0.0.1"], true],
  [["64:ff9b::a00:1"], true],
  [["nonsense"], true],
  [null, true],
  [undefined, true],
])("%j may lead inside: %s", (answer, leads) => {
  expect(mayLeadInside(answer)).toBe(leads);
});
