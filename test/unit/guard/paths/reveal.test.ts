import { expect, test } from "vitest";
import { revealPath, revealText } from "../../../../src/guard/paths/reveal.ts";
import { ALICE, concealed, revealed, viewWith } from "./views.ts";

const view = viewWith({ keepExtension: true });
const folder = concealed("/srv/projects", view);
const notes = concealed("/home/bob/notes.md", view);
const windows = concealed("C:\\\\Users\\\\bob\\\\a.md", view);
const foreign = concealed("/srv/projects", viewWith({}, "other"));
const alices = concealed("/home/bob/notes.md", viewWith({ keepExtension: true }, "files", ALICE));

const path = (text: string) => revealed(text, revealPath(text, view));
const prose = (text: string) => revealed(text, revealText(text, view));

test.each([
  { title: "a root", given: folder, real: "/srv/projects" },
  { title: "a file below", given: `${folder}/src/a b.ts`, real: "/srv/projects/src/a b.ts" },
  { title: "capitals", given: `${folder.toUpperCase()}/A`, real: "/srv/projects/A" },
  { title: "digits as letters", given: folder.replaceAll("0", "o"), real: "/srv/projects" },
  { title: "a slash in front", given: `/${folder}/a`, real: "/srv/projects/a" },
  { title: "a dot and a slash in front", given: ` ./${folder}/a`, real: "/srv/projects/a" },
  { title: "a URI", given: `file:///${folder}/a`, real: "file:///srv/projects/a" },
  { title: "a file", given: notes, real: "/home/bob/notes.md" },
  {
    title: "a folder below one outside the roots",
    given: `${notes}/x`,
    real: "/home/bob/notes.md/x",
  },
  {
    title: "a path that was escaped where it was seen",
    given: windows,
    real: "C:\\Users\\bob\\a.md",
  },
  { title: "a path without an alias", given: "/etc/hosts", real: "/etc/hosts" },
  {
    title: "a name with underscores",
    given: "file_upload/dir_name.ts",
    real: "file_upload/dir_name.ts",
  },
])("as a path, $title is revealed", ({ given, real }) => {
  expect(path(given)).toBe(real);
});

test.each([
  { title: "of another server", given: `${foreign}/a`, code: "alias_unknown" },
  { title: "of another caller", given: alices, code: "alias_unknown" },
  { title: "never minted", given: "FILE_0123456789abcdef", code: "alias_unknown" },
  { title: "one letter short", given: folder.slice(0, -1), code: "alias_unknown" },
  { title: "one letter long", given: `${folder}0`, code: "alias_unknown" },
  { title: "percent-encoded", given: folder.replace("_", "%5F"), code: "alias_unknown" },
  { title: "percent-encoded twice", given: folder.replace("_", "%255f"), code: "alias_unknown" },
  { title: "with another extension", given: notes.replace(/md$/, "pem"), code: "alias_changed" },
  { title: "without its extension", given: notes.replace(/\.md$/, ""), code: "alias_changed" },
  { title: "with one more extension", given: `${notes}.bak`, code: "alias_changed" },
  { title: "with a longer name", given: `${folder}-old/a`, code: "alias_changed" },
  { title: "going up", given: `${folder}/../x`, code: "alias_climbs" },
  { title: "going up, encoded", given: `${folder}/%2e%2e/x`, code: "alias_climbs" },
  { title: "going up, encoded twice", given: `${folder}/%252e%252e%252fx`, code: "alias_climbs" },
  { title: "going up, overlong", given: `${folder}/%e0%80%ae%c0%ae/x`, code: "alias_climbs" },
  { title: "going up, with backslashes", given: `${folder}\\..\\x`, code: "alias_climbs" },
  { title: "cut off by NUL", given: `${folder}/a\0.txt`, code: "alias_climbs" },
])("as a path, one $title is refused", ({ given, code }) => {
  expect(path(given)).toBe(code);
});

test("in prose, what is foreign passes and what is lost is refused", () => {
  expect(prose(`see ${foreign}/a and ${alices}`)).toBe(`see ${foreign}/a and ${alices}`);
  expect(prose(`see ${folder}/a, ${notes}.`)).toBe("see /srv/projects/a, /home/bob/notes.md.");
  expect(prose(`https://evil.example/${folder}`)).toBe(`https://evil.example/${folder}`);
  expect(prose(`see ${notes}.bak`)).toBe("alias_changed");
  const restarted = viewWith({ keepExtension: true });
  expect(revealed(notes, revealText(notes, restarted))).toBe("alias_unknown");
});

test("an escaped path is written back as it was escaped", () => {
  expect(prose(`{"a":"${windows}"}`)).toBe('{"a":"C:\\\\Users\\\\bob\\\\a.md"}');
});
