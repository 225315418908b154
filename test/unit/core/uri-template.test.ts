import { describe, expect, test } from "vitest";
import { compileGlob } from "../../../src/core/glob.ts";
import { fitsTemplate, mayExpandTo, mayFitTemplate } from "../../../src/core/uri-template.ts";

describe("a URI may be an expansion of a template", () => {
  test.each([
    { template: "file:///a/{name}.md", uri: "file:///a/b.md", may: true },
    { template: "file:///a/{name}.md", uri: "file:///a/b.txt", may: false },
    { template: "file:///a/{name}.md", uri: "file:///b/b.md", may: false },
    { template: "db://{table}/{id}", uri: "db://users/7", may: true },
    { template: "db://{table}/{id}", uri: "db:users", may: false },
    { template: "test://static", uri: "test://static", may: true },
    { template: "test://static", uri: "test://other", may: false },
    // Nobody can tell: a star that stands for itself.
    { template: "glob://*/{x}", uri: "other", may: true },
  ])("$uri of $template: $may", ({ template, uri, may }) => {
    expect(mayExpandTo(template, uri)).toBe(may);
  });
});

describe("a glob and the expansions of a template", () => {
  test.each([
    { glob: "file:///a/*", template: "file:///a/{x}", some: true, every: true },
    { glob: "file:///a/*", template: "file:///{x}", some: true, every: false },
    { glob: "file:///a/*", template: "file:///b/{x}", some: false, every: false },
    { glob: "*.md", template: "file:///{x}.txt", some: false, every: false },
    { glob: "*.md", template: "file:///{x}.md", some: true, every: true },
    { glob: "file:///a/b.md", template: "file:///a/{x}.md", some: true, every: false },
    { glob: "file:///a/b.md", template: "file:///a/b.md", some: true, every: true },
    // A question mark is one character, and an expansion may be any length.
    { glob: "a:????????", template: "a:{x}", some: true, every: false },
    { glob: "*", template: "{+any}", some: true, every: true },
  ])("$glob fits some ($some) or every ($every) one of $template", (entry) => {
    const glob = compileGlob(entry.glob);
    expect(mayFitTemplate(glob, entry.template)).toBe(entry.some);
    expect(fitsTemplate(glob, entry.template)).toBe(entry.every);
  });
});
