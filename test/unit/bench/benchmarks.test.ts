import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { replaceBlock } from "../../../bench/marked-blocks.ts";
import { spreadOf } from "../../../bench/statistics.ts";
import { peerOf } from "../../../bench/ways.ts";

const PAGE = readFileSync(new URL("../../../docs/benchmarks.md", import.meta.url), "utf8");

describe("the page of benchmarks", () => {
  it.each(["load", "streams", "audit", "micro", "guards"])("has a place for %s", (name) => {
    const page = replaceBlock(PAGE, name, "figures");
    expect(page).toContain(`<!-- begin ${name} -->\n\nfigures\n\n<!-- end ${name} -->`);
    expect(page?.split("<!--")[0]).toBe(PAGE.split("<!--")[0]);
  });

  it("is left alone where it has no such place", () => {
    expect(replaceBlock(PAGE, "made-up", "figures")).toBeNull();
  });
});

describe("a peer", () => {
  it("is a name, a command and its port", () => {
    expect(peerOf("opa=opa run --set a=b,c x.rego,9191")).toEqual({
      ...{ name: "opa", command: "opa run --set a=b,c x.rego", port: 9191 },
    });
  });

  it.each(["opa", "opa=opa run", "=opa,1", "opa=,1"])("is not %j", (text) => {
    expect(() => peerOf(text)).toThrow("--peer is name=command,port");
  });
});

it.each([
  [[3, 1, 2], { median: 2, min: 1, max: 3 }],
  [[4, 1, 2, 3], { median: 2.5, min: 1, max: 4 }],
])("the middle of %j", (values, spread) => {
  expect(spreadOf(values)).toEqual(spread);
});
