import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { askedRules, readPlan } from "../../../../src/server/workbench/plan.ts";
import { looksOf } from "../../../../src/server/workbench/plan-reads.ts";

const run = promisify(execFile);

/** The plan of modules, by file, for `data.mcp.decision`. */
async function planOf(files: { readonly [file: string]: string }) {
  const folder = await mkdtemp(join(tmpdir(), "impedance-plan-"));
  try {
    for (const [file, text] of Object.entries(files)) {
      await mkdir(dirname(join(folder, file)), { recursive: true });
      await writeFile(join(folder, file), text);
    }
    const opa = process.env.IMPEDANCE_OPA ?? "opa";
    const flags = ["-t", "plan", "-e", "mcp/decision", "-b", ".", "-o", "plan.tar.gz"];
    await run(opa, ["build", ...flags], { cwd: folder });
    const plan = readPlan(await readFile(join(folder, "plan.tar.gz")));
    if (!plan.ok) throw new Error(plan.error);
    return plan.value;
  } finally {
    await rm(folder, { recursive: true });
  }
}

const policy = (rules: string) =>
  planOf({ "p.rego": `package mcp\n\nimport rego.v1\n\n${rules}\n` });

test.each([
  { title: "a member", rules: `decision if input.a.b == "x"`, reads: ["a.b"] },
  { title: "a member by its text", rules: `decision if input["a"]["b"]`, reads: ["a.b"] },
  { title: "nothing", rules: "decision := 1", reads: [] },
  { title: "a list", rules: "decision if {\n some x in input.a\n x.b\n}", reads: ["a"] },
  {
    title: "what has another name",
    rules: "decision if {\n x := input.a\n x.b > 1\n}",
    reads: ["a.b"],
  },
  {
    title: "the same under two names",
    rules: "decision if {\n x := input.a\n x.b\n x.c\n}",
    reads: ["a.b", "a.c"],
  },
  {
    title: "whether something is there",
    rules: "decision if {\n _ := input.a.b\n x := input.c\n}",
    reads: ["a.b", "c"],
  },
  {
    title: "whether something is there, and a part of it",
    rules: "decision if {\n _ := input.a\n input.a.b\n}",
    reads: ["a.b"],
  },
  { title: "what is negated", rules: "decision if not input.a.b", reads: ["a.b"] },
  {
    title: "what a default hides",
    rules: "default decision := false\ndecision if input.a",
    reads: ["a"],
  },
  {
    title: "the last of a chain",
    rules: "decision := 1 if {\n input.a\n} else := 2 if input.b",
    reads: ["a", "b"],
  },
  {
    title: "what a comprehension takes",
    rules: "decision := [x | x := input.a[_].b]",
    reads: ["a"],
  },
  { title: "what `every` takes", rules: "decision if every x in input.a { x.b }", reads: ["a"] },
  { title: "what a function is given", rules: "f(x) := x.b\ndecision := f(input.a)", reads: ["a"] },
  { title: "what a built-in is given", rules: "decision := count(input.a.b)", reads: ["a.b"] },
  {
    title: "what object.get is given",
    rules: `decision := object.get(input.a, "b", 1)`,
    reads: ["a"],
  },
  { title: "another rule's", rules: "decision if other\nother if input.a", reads: ["a"] },
  { title: "what is returned", rules: "decision := other.b\nother := input.a", reads: ["a"] },
  { title: "a key of data", rules: "decision if data.x[input.a]", reads: ["a"] },
  { title: "a member that data names", rules: "decision if input.a[data.x]", reads: ["a"] },
  { title: "an item of a list", rules: "decision if input.a[0].b", reads: ["a"] },
  {
    title: "a part and the whole of it",
    rules: "decision if {\n input.a.b\n count(input.a) > 1\n}",
    reads: ["a"],
  },
  { title: "what is imported", rules: "decision if {\n q := input.a.b\n q.c\n}", reads: ["a.b.c"] },
  { title: "any member", rules: "decision if input[data.x]", reads: null },
  { title: "all of it", rules: "decision if walk(input, [_, 1])", reads: null },
  {
    title: "all of it, by another name",
    rules: "decision if {\n x := input\n x[_] == 1\n}",
    reads: null,
  },
  { title: "all of it, in a function", rules: "f(x) := x.a\ndecision := f(input)", reads: null },
  { title: "all of it, given back", rules: "decision := input", reads: null },
  {
    title: "with another input",
    rules: `decision if other with input.b as 1\nother if input.a`,
    reads: null,
  },
])("a policy that reads $title", async ({ rules, reads }) => {
  const found = looksOf(await policy(rules)).reads;
  expect(found?.map((path) => path.join(".")) ?? null).toEqual(reads);
});

test.each([
  { title: "a number of its own", rules: "decision if input.a.n > 10", numbers: [10] },
  { title: "data", rules: "decision if input.a.n <= data.limits.most", numbers: [] },
  { title: "data by a key", rules: "decision if input.a.n < data.limits[input.b]", numbers: [] },
  { title: "data first", rules: "decision if data.limits.most >= input.a.n", numbers: [] },
  {
    title: "several, under another name",
    rules: "decision if {\n n := input.a.n\n n > 1\n n < 2.5\n}",
    numbers: [1, 2.5],
  },
  {
    title: "one in another rule",
    rules: "decision if not other\nother if input.a.n > 3",
    numbers: [3],
  },
])("a number that a policy compares with $title is only compared", async ({ rules, numbers }) => {
  const looks = looksOf(await policy(rules));
  expect(looks).toMatchObject({ compared: [["a", "n"]], numbers });
  expect(looks.reads).toContainEqual(["a", "n"]);
});

test.each([
  { title: "compared with the input", rules: "decision if input.a.n > input.a.m" },
  { title: "given back", rules: "decision := input.a.n if input.a.n > 1" },
  { title: "counted with", rules: "decision if input.a.n + 1 > 10" },
  { title: "equal to something", rules: "decision if input.a.n == 1" },
  { title: "compared with what is made of data", rules: "decision if input.a.n > count(data.x)" },
  {
    title: "compared with what a rule says",
    rules: "decision if input.a.n > other\nother := 1 if input.b",
  },
  {
    title: "compared with one of a list",
    rules: "decision if {\n some most in input.list\n input.a.n > most\n}",
  },
  {
    title: "compared with what may be either",
    rules: "decision if {\n some most in [data.x, input.b]\n input.a.n > most\n}",
  },
  {
    title: "read in a function",
    rules: "f(x) := x\ndecision := f(input.a.n) if input.a.n > 1",
  },
  { title: "part of what is read whole", rules: "decision := input.a if input.a.n > 1" },
  {
    title: "compared with data that is replaced",
    rules: "decision if other with data.x as 1\nother if input.a.n > data.x",
  },
])("a number that is $title is not only compared", async ({ rules }) => {
  expect(looksOf(await policy(rules)).compared).toEqual([]);
});

const ALL =
  "package mcp\n\nimport rego.v1\n\ndecision contains x if some x in data.mcp.rules[_].reasons\n";

test.each([
  { title: "says something of items", body: "some x in input.list", about: "list" },
  { title: "asks more of the item", body: "some x in input.list\n\tx.bad", about: "list" },
  { title: "asks something first", body: "input.phase\n\tsome x in input.list", about: "list" },
  {
    title: "asks about two lists",
    body: "some x in input.list\n\tsome y in input.other",
    about: "list",
  },
  { title: "says something without", body: "not input.list", about: null },
  { title: "counts the items", body: "count(input.list) == 0", about: null },
  { title: "wants it of every item", body: "every x in input.list { x.good }", about: null },
  {
    title: "takes data where there is no list",
    body: 'some x in object.get(input, "list", data.l)',
    about: null,
  },
  {
    title: "goes through another input",
    body: "some x in input.list with input.list as [1]",
    about: null,
  },
  { title: "goes through data", body: "some x in data.list", about: null },
])("a rule that $title", async ({ body, about }) => {
  const rule = `package mcp.rules.one\n\nimport rego.v1\n\nreasons contains "no" if {\n\t${body}\n}\n`;
  const plan = await planOf({ "p.rego": ALL, "one.rego": rule });
  expect(askedRules(plan)).toEqual([{ package: "one", word: "reasons", about }]);
});

test("reasons about two lists, and reasons that are a value, are about neither", async () => {
  const head = (name: string) => `package mcp.rules.${name}\n\nimport rego.v1\n\n`;
  const plan = await planOf({
    "p.rego": ALL,
    "two.rego": `${head("two")}reasons contains 1 if some x in input.a\nreasons contains 2 if some x in input.b\n`,
    "value.rego": `${head("value")}reasons := {1} if some x in input.a\n`,
    "mixed.rego": `${head("mixed")}reasons contains 1 if some x in input.a\nreasons contains 2 if input.b\n`,
  });
  expect(askedRules(plan).map(({ package: name, about }) => [name, about])).toEqual([
    ["mixed", null],
    ["two", null],
    ["value", null],
  ]);
});

test("a policy of more numbers than a manifest may hold compares nothing, and goes on to load", async () => {
  const most = Array.from({ length: 1_100 }, (_, at) => `decision if input.b == ${at}`);
  const { reads, compared, numbers } = looksOf(
    await policy(`decision if small\nsmall if input.a > 10\n${most.join("\n")}`),
  );
  expect({ reads, compared, numbers }).toEqual({
    reads: [["a"], ["b"]],
    compared: [],
    numbers: [],
  });
});

test("a policy that reads more places than a manifest may hold reads everything", async () => {
  const most = Array.from({ length: 1_100 }, (_, at) => `decision if input.a${at}`);
  expect(looksOf(await policy(most.join("\n"))).reads).toBe(null);
});
