/** docs/mesh: a page for each mesh, whose steps, links and files are there. */

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
const FOLDER = join(ROOT, "docs/mesh");
const PAGES = readdirSync(FOLDER);
const LINK = /\]\(([^)#]+)(?:#[^)]*)?\)/g;
const NAMED = /`((?:test|scripts|envoy|k8s)\/[\w./*-]+)`/g;

describe.each(PAGES)("docs/mesh/%s", (name) => {
  const page = readFileSync(join(FOLDER, name), "utf8");

  test("has five steps", () => {
    const section = /## Five steps\n([\s\S]*?)\n## /.exec(page)?.[1] ?? "";
    expect([...section.matchAll(/^(\d)\. /gm)].map(([, number]) => number)).toEqual([..."12345"]);
  });

  test("says how to see that it works, and how that was checked", () => {
    expect(page).toMatch(/## See that it works\n\n```sh\n[\s\S]*impedance doctor --url http/);
    expect(page).toMatch(/^## .*check/m);
  });

  test("leads to pages and names files that are there", () => {
    const linked = [...page.matchAll(LINK)].map(([, path = ""]) =>
      join(dirname(join(FOLDER, name)), path),
    );
    const named = [...page.matchAll(NAMED)].map(([, path = ""]) =>
      join(ROOT, path.replace(/[^/]*\*.*$/, "")),
    );
    expect([...linked, ...named].filter((path) => !existsSync(path))).toEqual([]);
  });

  test("is linked from README.md", () => {
    expect(readFileSync(join(ROOT, "README.md"), "utf8")).toContain(`docs/mesh/${name}`);
  });
});

test("each folder of envoy/ has a page that leads there", () => {
  const pages = PAGES.map((name) => readFileSync(join(FOLDER, name), "utf8")).join("\n");
  const folders = readdirSync(join(ROOT, "envoy"), { withFileTypes: true });
  for (const entry of folders.filter((each) => each.isDirectory())) {
    expect(pages).toContain(`../../envoy/${entry.name}`);
  }
});
