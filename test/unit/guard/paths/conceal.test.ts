import { expect, test } from "vitest";
import { revealText } from "../../../../src/guard/paths/reveal.ts";
import { concealed, revealed, viewWith } from "./views.ts";

const view = viewWith();
const extended = viewWith({ keepExtension: true });

/** With every code gone: what is left shows what was taken for a path. */
function shape(text: string): string {
  return concealed(text, view).replaceAll(/(DIR|FILE)_[0-9a-z]{16}/g, "<$1>");
}

test.each([
  { title: "a root", text: "/srv/projects", shown: "<DIR>" },
  { title: "a file below a root", text: "/srv/projects/src/a.ts", shown: "<DIR>/src/a.ts" },
  { title: "the inner one of nested roots", text: "/srv/projects/inner/a", shown: "<DIR>/a" },
  { title: "a root with a space", text: "in /srv/my files/a b.txt", shown: "in <DIR>/a b.txt" },
  { title: "a folder beside a root", text: "/srv/projects2/a", shown: "<FILE>" },
  { title: "a root with doubled slashes", text: "//srv//projects/a", shown: "<FILE>" },
  {
    title: "the end of a sentence",
    text: "See /etc/passwd. Or /srv/projects.",
    shown: "See <FILE>. Or <DIR>.",
  },
  { title: "a slash at the end", text: "/home/bob/src/", shown: "<FILE>/" },
  { title: "a line of a file", text: "/srv/projects/a.py:12:5: x", shown: "<DIR>/a.py:12:5: x" },
  { title: "a stack trace", text: "at f (/home/bob/a.js:1:2)", shown: "at f (<FILE>:1:2)" },
  {
    title: "a list of folders",
    text: "PATH=/usr/bin:/home/b/bin:/opt/x/bin",
    shown: "PATH=/usr/bin:<FILE>:<FILE>",
  },
  { title: "flags", text: "-I/opt/x/include --config=/etc/x/y", shown: "-I<FILE> --config=<FILE>" },
  {
    title: "a diff",
    text: "--- /srv/projects/a\n+/etc/hosts\n-/etc/hosts",
    shown: "--- <DIR>/a\n+<FILE>\n-<FILE>",
  },
  {
    title: "shell redirection",
    text: "</etc/passwd >/tmp/a/b 2>&1",
    shown: "<<FILE> ><FILE> 2>&1",
  },
  { title: "an escape of JSON in front", text: '"a\\n/etc/passwd\\t"', shown: '"a\\n<FILE>\\t"' },
  { title: "slashes escaped for JSON", text: '"\\/var\\/www\\/html"', shown: '"<FILE>"' },
  {
    title: "a home folder",
    text: `~/a $HOME/b $${"{HOME}"}/c ~bob/d`,
    shown: "<FILE> <FILE> <FILE> <FILE>",
  },
  { title: "Windows", text: "C:\\Users\\bob\\a.txt, d:/team/bob", shown: "<FILE>, <FILE>" },
  { title: "Windows in JSON", text: '{"a":"C:\\\\Users\\\\bob\\nx"}', shown: '{"a":"<FILE>\\nx"}' },
  { title: "Windows in JSON in JSON", text: "C:\\\\\\\\Users\\\\\\\\bob", shown: "<FILE>" },
  {
    title: "a share",
    text: "\\\\server\\share\\a and \\\\\\\\server\\\\share",
    shown: "<FILE> and <FILE>",
  },
  { title: "a file URI", text: "file:///srv/projects/a%20b", shown: "file:///<DIR>/a%20b" },
  {
    title: "a file URI of a root with a space",
    text: "file:///srv/my%20files/a",
    shown: "file:///<DIR>/a",
  },
  {
    title: "a file URI outside the roots",
    text: "file://localhost/etc/my%20conf",
    shown: "file://localhost/<FILE>",
  },
  { title: "another resource's URI", text: "repo:///srv/projects/a", shown: "repo:///<DIR>/a" },
  { title: "a volume", text: "docker -v /home/bob/data:/data", shown: "docker -v <FILE>:/data" },
  { title: "an unknown folder, by the file's kind", text: "/company/x/main.py", shown: "<FILE>" },
])("$title is concealed", ({ text, shown }) => {
  expect(shape(text)).toBe(shown);
  expect(revealed(text, revealText(concealed(text, view), view))).toBeDefined();
  const there = concealed(text, view);
  expect(revealed(there, revealText(there, view))).toBe(text);
});

test.each([
  "https://example.org/srv/projects/a",
  "http://srv/x",
  "git@example.org:team/repo.git",
  "text/plain; and/or; 1/2; 2026/11/21; km/h",
  "/api/v1/users/{id} /health /users/:id",
  "//div[@class='a']/span",
  "/properties/a/0",
  "/^\\/api\\/[a-z]+$/g",
  "src/home/a.ts ./etc/passwd ../etc/passwd",
  "</home><br/>",
  "// a comment, and a // b",
  "#!/opt/python/bin/python3",
  "#! /opt/python/bin/python3",
  "/dev/null /usr/bin/env /app/src",
  "/etc /tmp / ~ $HOME",
  `$${"{BASE}"}/srv/projects $(pwd)/srv/projects`,
  "snake_case_file_name dir_name FILE_upload",
  "DIR_0123456789abcdef/a FILE_0123456789abcdef",
  "\\alpha \\n \\\\ a\\b",
  "x = a / b / c",
])("%j is left alone", (text) => {
  expect(concealed(text, view)).toBe(text);
});

test("in a catalogue, only what lies under a root is a path", () => {
  const text = "pattern ^/home/[a-z]+$, e.g. /home/bob/x in /srv/projects/x";
  const shown = concealed(text, view, "roots");
  expect(shown).toMatch(/^pattern \^\/home\/\[a-z\]\+\$, e\.g\. \/home\/bob\/x in DIR_\w{16}\/x$/);
});

test("a value that is named a path is one, spaces and all", () => {
  expect(concealed("/data/My Documents/a b.txt", view, "path")).toMatch(/^FILE_\w{16}$/);
  expect(concealed("/srv/projects/a b", view, "path")).toMatch(/^DIR_\w{16}\/a b$/);
  expect(concealed("/users/{id}", view, "path")).toBe("/users/{id}");
});

test("an extension stays where it is to be kept", () => {
  expect(concealed("/etc/a.conf and /etc/b", extended)).toMatch(
    /^FILE_\w{16}\.conf and FILE_\w{16}$/,
  );
});

test("what looked like a live alias is told apart by one more underscore", () => {
  const alias = concealed("/etc/passwd", view);
  const text = `${alias} ${alias.toUpperCase()} ${alias.replace("_", "__")}`;
  const shown = concealed(text, view);
  expect(shown).toBe(text.replaceAll("FILE_", "FILE__"));
  expect(revealed(shown, revealText(shown, view))).toBe(text);
});

test("a path beyond all bounds is taken out, and does not come back", () => {
  expect(concealed(`/etc/${"a".repeat(5000)} x`, view)).toBe("[REDACTED:path] x");
});

test.each([
  "/",
  "/a",
  "\\",
  "C:\\a",
  "~/",
  "DIR_",
  "_",
  "$HOME/",
  "file:///",
  ":/",
  "é/",
  "/etc/a ",
])("a text of %j alone takes linear time", (part) => {
  const work = (length: number): number => {
    const text = part.repeat(Math.ceil(length / part.length));
    const started = performance.now();
    for (let round = 0; round < 3; round += 1) concealed(text, view);
    return performance.now() - started;
  };
  work(20_000);
  expect(work(400_000)).toBeLessThan(Math.max(work(20_000), 1) * 200);
});
