import { generateKeyPairSync } from "node:crypto";
import { readFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";

import { readBundle } from "../../../../src/policy/bundle.ts";
import { createPolicyEngine } from "../../../../src/policy/engine.ts";
import { exampleInput } from "../../../unit/audit/example.ts";
import { impedance } from "../command.ts";
import { createAuthor, OFFICE, OFFICE_DATA, policy } from "./author.ts";

describe("impedance policy build", () => {
  test("puts an author's packages beside ours and their data over ours", async () => {
    await using author = await createAuthor({
      "acme/acme.rego": OFFICE,
      "acme/acme_test.rego": "package mcp.rules.acme_test\n\nbroken {",
      "impedance/data.json": OFFICE_DATA,
    });
    const output = author.path("bundle.tar.gz");
    const { code, stderr, json } = await policy([
      ...["build", author.folder, "-o", output, "--revision", "7", "--format", "json"],
    ]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const bytes = await readFile(output);
    const bundle = await readBundle(bytes);
    if (!bundle.ok) throw new Error(bundle.error.detail);
    const { revision, digest, data } = bundle.value;
    expect(json).toEqual({
      ok: true,
      file: output,
      revision: "7",
      digest,
      bytes: bytes.length,
      packages: ["mcp.rules.acme"],
    });
    expect(revision).toBe("7");
    expect(data).toMatchObject({
      impedance: {
        office: { from: 8, to: 18 },
        banned_tools: ["shell"],
        limits: { request_max_bytes: 2048, response_max_bytes: 16777216 },
      },
    });

    const call = (tool: string) =>
      JSON.stringify({
        message: { jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: tool } },
      });
    const config = await author.write("impedance.yaml", `policy: { bundle: ${output} }\n`);
    const rules = "policy_id: p\nversion: '1'\ndefault: allow\n";
    const file = await author.write("policy.yaml", rules);
    const scanned = await impedance(
      ["scan", "--config", config, "--policy", file],
      `${call("shell")}\n${call("read")}\n`,
    );
    const codes = scanned.stdout.split("\n").slice(0, -1);
    expect(codes.map((line) => JSON.parse(line).reasons)).toEqual([
      [expect.objectContaining({ code: "banned_tool" })],
      [],
    ]);
  });

  test("asks an author's packages who wants a session to end", async () => {
    const rego = `# METADATA
# title: Acme
# description: Ends what went wrong.
# scope: package
package mcp.rules.acme

# METADATA
# description: Sessions end with a call of this tool.
# scope: document
end_session if input.message.tool == "bye"
`;
    await using author = await createAuthor({ "acme.rego": rego });
    const output = author.path("bundle.tar.gz");
    expect(await policy(["build", author.folder, "-o", output])).toMatchObject({ code: 0 });
    const bundle = await readBundle(await readFile(output));
    if (!bundle.ok) throw new Error(bundle.error.detail);
    const clock = { now: () => 0, monotonic: () => 0 };
    const engine = await createPolicyEngine(bundle.value, null, { clock, budgetMs: 1 });
    if (!engine.ok) throw new Error(engine.error.detail);
    const ends = ["bye", "hello"].map((tool) => {
      const input = exampleInput();
      const outcome = engine.value.decide({ ...input, message: { ...input.message, tool } });
      return outcome.ok && outcome.value.endsSession;
    });
    expect(ends).toEqual([true, undefined]);
  });

  test("signs, and what was signed verifies", async () => {
    await using author = await createAuthor({ "acme.rego": OFFICE, "data.json": OFFICE_DATA });
    const pair = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const pem = pair.privateKey.export({ type: "sec1", format: "pem" });
    const key = await author.write("key.pem", String(pem));
    const output = author.path("bundle.tar.gz");
    const { code, stderr } = await policy([
      ...["build", author.path("acme.rego"), "-o", output],
      ...["--signing-key", key, "--signing-alg", "ES256"],
    ]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const verified = await readBundle(await readFile(output), {
      pem: Buffer.from(pair.publicKey.export({ type: "spki", format: "pem" })),
      algorithm: "ES256",
    });
    expect(verified.ok).toBe(true);
  });

  test.each([
    {
      title: "a misspelt field of the input, with its place",
      rego: OFFICE.replace("input.message.tool", "input.mesage.tool"),
      error: /acme\.rego:17: rego_type_error: undefined ref: input\.mesage\.tool/,
    },
    {
      title: "a package of ours",
      rego: OFFICE.replace("mcp.rules.acme", "mcp.rules.oversize"),
      error: /acme\.rego: the package mcp\.rules\.oversize is ours.*choose a name/,
    },
    {
      title: "a built-in that the engine does not have",
      rego: `${OFFICE}\n_late if time.now_ns() > 0\n\nallow if _late\n`,
      error: /the bundle would not load: .*built-ins that are not there: time\.now_ns/,
    },
  ])("refuses $title, and leaves the file that is there", async ({ rego, error }) => {
    await using author = await createAuthor({ "acme.rego": rego, "bundle.tar.gz": "as before" });
    const output = author.path("bundle.tar.gz");
    const { code, stdout, stderr } = await policy([
      "build",
      author.path("acme.rego"),
      "-o",
      output,
    ]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toMatch(error);
    expect(await readFile(output, "utf8")).toBe("as before");
  });

  test("says what it needs", async () => {
    expect(await policy(["build", "x"])).toMatchObject({
      code: 2,
      stderr: "impedance: --output FILE (-o) says where the bundle goes\n",
    });
    expect(await policy(["build", "/nowhere", "-o", "x"])).toMatchObject({ code: 1 });
    await using author = await createAuthor({ "p.yaml": "policy_id: p\n" });
    expect(await policy(["build", author.path("p.yaml"), "-o", author.path("x")])).toMatchObject({
      ...{ code: 1, stderr: expect.stringContaining("is a portable policy, and no data") },
    });
    expect(await policy(["bild"])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("did you mean build?"),
    });
  });
});
