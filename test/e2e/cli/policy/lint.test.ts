import { describe, expect, test } from "vitest";

import { createAuthor, policy } from "./author.ts";

const head = 'policy_id: p\nversion: "1"\ndefault: deny\n';

/** Each finding in short, as `policy.yaml:4:5 code message; remedy`. */
async function linted(files: { readonly [name: string]: string }, args: readonly string[] = []) {
  await using author = await createAuthor(files);
  const own = args.map((arg) => arg.replace("@", `${author.folder}/`));
  const { code, json, stderr } = await policy(["lint", author.folder, ...own, "--format", "json"]);
  const findings: readonly Found[] = json.findings ?? [];
  const found = findings.map(({ code: rule, file, line, column, message, remedy }) => {
    const place = `${file.replace(`${author.folder}/`, "")}:${line}:${column}`;
    return `${place} ${rule} ${message}; ${remedy}`;
  });
  return { code, stderr, found };
}

interface Found {
  readonly code: string;
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly message: string;
  readonly remedy: string;
}

const SILENT = ["--ignore", "untested_rule"];

describe("impedance policy lint, of a portable policy", () => {
  test("finds nothing in rules that each do something, and that a table tests", async () => {
    const rules =
      "allow_rules: [{ tool: read, server: a }]\ndeny_rules: [{ tool: 'read*', server: b }]\n";
    const call = (server: string) =>
      `{ server: ${server}, message: { method: tools/call, params: { name: read } } }`;
    const table = `policy: policy.yaml
tests:
  - { name: one, given: ${call("a")}, expect: { allow: true } }
  - { name: two, given: ${call("b")}, expect: { allow: false } }
`;
    expect(await linted({ "policy.yaml": head + rules, "a_test.yaml": table })).toEqual({
      ...{ code: 0, stderr: "", found: [] },
    });
  });

  test("finds rules that another one makes idle, and names it", async () => {
    const rules = `allow_rules:
  - { tool: "get_*" }
  - { tool: get_user, server: crm }
  - { tool: delete_user }
deny_rules:
  - { tool: "delete_*" }
  - { tool: delete_user, reason: Users stay. }
`;
    const { code, found } = await linted({ "policy.yaml": head + rules }, SILENT);
    expect(code).toBe(1);
    expect(found).toEqual([
      "policy.yaml:6:5 shadowed_rule allow/1 has no effect: allow/0 (line 5: tool: get_*) covers it; remove it, or narrow the other one",
      "policy.yaml:7:5 unreachable_rule allow/2 never allows: deny/0 (line 9: tool: delete_*) denies all of it; remove one of the two; deny wins",
    ]);
  });

  test("finds rules that no table test fits", async () => {
    const { found } = await linted({ "policy.yaml": `${head}allow_rules: [{ tool: a }]\n` });
    expect(found).toEqual([
      expect.stringMatching(/^policy\.yaml:4:15 untested_rule allow\/0 fits no/),
    ]);
  });

  test("finds tools that no server has", async () => {
    const rules = "allow_rules: [{ tool: raed_file }, { tool: read_file }, { tool: 'list_*' }]\n";
    const tools = JSON.stringify({ tools: [{ name: "read_file" }, { name: "list_files" }] });
    const { found } = await linted({ "policy.yaml": head + rules, "t/tools.json": tools }, [
      ...SILENT,
      ...["--tools", "@t/tools.json"],
    ]);
    expect(found).toEqual([
      "policy.yaml:4:15 unknown_tool allow/0 names a tool that no server has: raed_file; did you mean read_file?",
    ]);
  });

  test("tells what does not load like any other finding", async () => {
    const { found } = await linted({ "policy.yaml": `${head}alow_rules: []\n` });
    expect(found[0]).toMatch(/^policy\.yaml:4:1 invalid_policy .*did you mean allow_rules/);
  });
});

/** Bodies of `allow`; the twin is right. */
const BODIES = [
  {
    code: "misspelt_constant",
    body: 'input.phase == "reponse"',
    twin: 'input.phase == "response"',
    at: "4:14",
    says: /input\.phase is never "reponse"; did you mean response\?/,
  },
  {
    code: "misspelt_constant",
    body: 'some finding in input.findings\n\tfinding.guard == "secrts"',
    twin: 'some finding in input.findings\n\tfinding.guard == "secrets"',
    at: "5:16",
    says: /did you mean secrets\?/,
  },
  {
    code: "misspelt_constant",
    body: 'input.message.method in {"tools/cal"}',
    twin: 'input.message.method in {"acme/run"}',
    at: "4:23",
    says: /did you mean tools\/call\?/,
  },
  {
    code: "misspelt_constant",
    body: '"FS_WRITES" in input.tool.side_effects',
    twin: '"FS_WRITE" in input.tool.side_effects',
    at: "4:14",
    says: /did you mean FS_WRITE\?/,
  },
  {
    code: "slow_built_in",
    body: "regex.match(`^a`, input.message.tool)",
    twin: 'startswith(input.message.tool, "a")',
    at: "4:2",
    says: /regex\.match takes long/,
  },
  {
    code: "reads_truncated",
    body: 'input.message.arguments.to == "x"',
    twin: 'input.message.arguments.to == "x"\n\tcount(input.message.truncated) == 0',
    at: "4:2",
    says: /input\.message\.truncated/,
  },
  {
    code: "missing_built_in",
    body: "time.now_ns() > 0",
    twin: "input.time.hour > 8",
    at: "4:2",
    says: /time\.now_ns does not run in WebAssembly/,
  },
  {
    code: "unreachable_rule",
    body: "true\n}\n\ndeny if {\n\ttrue",
    twin: "_late\n}\n\n_late if {\n\tinput.time.hour > 20",
    at: "7:1",
    says: /mcp\.rules\.acme_7\.deny is never asked for; did you mean reasons\?/,
  },
];

const rego = (inner: string, name = "acme") =>
  `package mcp.rules.${name}\n\nallow if {\n\t${inner}\n}\n`;

/** Linted together: each command starts a compiler. */
const linting = (bodies: readonly string[]) => {
  const files = bodies.map((body, index) => [`${index}.rego`, rego(body, `acme_${index}`)]);
  return linted(Object.fromEntries(files), SILENT);
};

describe("impedance policy lint, of Rego", () => {
  test("finds what is wrong, and where", async () => {
    const { code: exitCode, found } = await linting(BODIES.map(({ body }) => body));
    expect(exitCode).toBe(1);
    expect(found.toSorted()).toEqual(
      BODIES.map(({ code, at, says }, index) =>
        expect.stringMatching(`^${index}\\.rego:${at} ${code} .*${says.source}`),
      ),
    );
  });

  test("finds nothing in near misses", async () => {
    const twins = [...BODIES.map(({ twin }) => twin), 'input.message.tool == "a"'];
    const { code, found } = await linting(twins);
    expect({ code, found }).toEqual({ code: 0, found: [] });
  });

  test("tells what Rego's compiler says", async () => {
    const { found } = await linted({ "a.rego": rego('input.mesage.tool == "a"') }, SILENT);
    expect(found).toEqual([
      expect.stringMatching(/^a\.rego:4:1 invalid_rego .*undefined ref: input\.mesage\.tool/),
    ]);
  });

  test("finds rules that no Rego test reaches, and not those that one does", async () => {
    const rules =
      'package mcp.rules.acme\n\nallow if input.server.id == "a"\n\nremove contains "/x" if input.server.id == "b"\n';
    const tests = `package mcp.rules.acme_test

import data.mcp.rules.acme

test_allow_a if acme.allow with input as {"server": {"id": "a"}}
`;
    const { found } = await linted({ "a.rego": rules, "a_test.rego": tests });
    expect(found).toEqual([expect.stringMatching(/^a\.rego:5:1 untested_rule .*acme\.remove/)]);
  });
});

test("impedance policy lint does not pass where there is no policy", async () => {
  await using author = await createAuthor({ "notes.yaml": "a: 1\n" });
  expect(await policy(["lint", author.folder])).toMatchObject({
    ...{ code: 1, stderr: expect.stringContaining("there is no policy") },
  });
  expect((await policy(["lint", author.folder, "--ignore", "nothing"])).code).toBe(2);
});
