import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Gateway, startGateway } from "../../support/gateway.ts";
import { connectSdkClient } from "../../support/mcp.ts";
import { REDACTED, SECRET } from "../../support/messages.ts";
import { type ServeProcess, startServe } from "../../support/serve-process.ts";
import { type Showcase1x, startShowcase1x } from "../../support/showcase-1x.ts";
import { type Showcase2x, startShowcase2x } from "../../support/showcase-2x.ts";
import { waitFor } from "../../support/wait.ts";
import { impedance } from "../cli/command.ts";

/** A real service behind a real Envoy, real SDK clients, and a person with the command line. */

const TOKEN = ["approver", "of", "the", "night", "shift"].join("-");
const POLICY = `
policy_id: approving
version: "1.0"
default: deny
allow_rules:
  - { tool: report, approve: { calls: 1, minutes: 5 }, reason: Reports go to the press. }
  - { tool: gallery }
`;

let folder: string;
let showcase: Showcase1x;
let modern: Showcase2x;
let service: ServeProcess;
let gateway: Gateway;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "impedance-approvals-"));
  await writeFile(join(folder, "token"), `${TOKEN}\n`);
  await writeFile(join(folder, "other"), "somebody else's token\n");
  const settings = (token: string) => `approvals: { token: "file:${join(folder, token)}" }\n`;
  await writeFile(join(folder, "approver.yaml"), settings("token"));
  await writeFile(join(folder, "stranger.yaml"), settings("other"));
  showcase = await startShowcase1x();
  modern = await startShowcase2x();
  service = await startServe({ config: settings("token"), policy: POLICY });
  gateway = await startGateway({
    upstreams: [
      { id: "press", url: showcase.url, path: "/press/mcp" },
      { id: "modern", url: modern.server.url, path: "/modern/mcp" },
    ],
    service,
  });
});

afterAll(async () => {
  await gateway.stop();
  await service.stop();
  await showcase[Symbol.asyncDispose]();
  await modern[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

function approvals(args: readonly string[], who = "approver") {
  const config = join(folder, `${who}.yaml`);
  const admin = `http://127.0.0.1:${service.adminPort}`;
  return impedance(["approvals", ...args, "--config", config, "--admin", admin]);
}

interface Denied {
  readonly code: number;
  readonly message: string;
  readonly data: { readonly code: string; readonly rule: string; readonly approval_id: string };
}

async function denied(call: Promise<unknown>): Promise<Denied> {
  const outcome = await call.then(
    () => null,
    (error: unknown) => error as Denied,
  );
  if (outcome === null) throw new Error("it passed");
  return outcome;
}

const report = (note: string) => ({ name: "report", arguments: { note } });

describe("a client of the SDK 1.x", () => {
  test("is denied, and passes once a person approved just this call", async () => {
    await using alice = await connectSdkClient(gateway.url("/press/mcp"));
    await using other = await connectSdkClient(gateway.url("/press/mcp"));
    const { code, data, message } = await denied(alice.client.callTool(report(`hello ${SECRET}`)));
    expect(code).toBe(-31901);
    expect(data).toMatchObject({ code: "approval_required", rule: "allow/0" });
    expect(message).toContain("Reports go to the press.");
    expect(message).toContain(data.approval_id);

    const listed = await approvals(["list"]);
    expect(listed).toMatchObject({ code: 0, stderr: "" });
    expect(listed.stdout).toContain(`${data.approval_id}  waiting`);
    expect(listed.stdout).toContain("tools/call report (note)");
    for (const hidden of ["hello", SECRET, TOKEN]) expect(listed.stdout).not.toContain(hidden);

    expect(await approvals(["approve", data.approval_id])).toEqual({
      code: 0,
      stdout: "approved: 1 request, for 5 min\n",
      stderr: "",
    });
    // Neither other arguments nor another session.
    await denied(alice.client.callTool(report("goodbye")));
    await denied(other.client.callTool(report(`hello ${SECRET}`)));
    const result = await alice.client.callTool(report(`hello ${SECRET}`));
    expect(result.structuredContent).toMatchObject({ note: `hello ${REDACTED}` });
    const again = await denied(alice.client.callTool(report(`hello ${SECRET}`)));
    expect(again.data.approval_id).not.toBe(data.approval_id);

    const granted = {
      state: "granted",
      grants: [{ id: data.approval_id, approved_by: "operator" }],
    };
    await waitFor("the decision in the log", () =>
      service.decisions.some((line) => line.includes(`"approval":${JSON.stringify(granted)}`)),
    );
  });

  test("is told of a person who said no", async () => {
    await using alice = await connectSdkClient(gateway.url("/press/mcp"));
    const { data } = await denied(alice.client.callTool(report("secret plans")));
    expect(await approvals(["deny", data.approval_id])).toMatchObject({ code: 0 });
    const told = await denied(alice.client.callTool(report("secret plans")));
    expect(told.data.code).toBe("approval_denied");
    expect(await approvals(["approve", data.approval_id])).toMatchObject({ code: 1 });
  });

  test("sees the tool in its listing all the while", async () => {
    await using alice = await connectSdkClient(gateway.url("/press/mcp"));
    const { tools } = await alice.client.listTools();
    expect(tools.map(({ name }) => name)).toEqual(expect.arrayContaining(["report", "gallery"]));
  });
});

describe("a client of the SDK 2.x", () => {
  test("is denied, and passes once a person approved", async () => {
    await using client = await connectModern(gateway.url("/modern/mcp"));
    const { data } = await denied(client.callTool(report("hello")));
    expect(data.code).toBe("approval_required");
    expect(await approvals(["approve", data.approval_id, "--calls", "2"])).toMatchObject({
      code: 0,
    });
    const result = await client.callTool(report("hello"));
    expect(result.structuredContent).toMatchObject({ letters: 5 });
    // The operator agreed to two; the rule takes one.
    expect((await denied(client.callTool(report("hello")))).data.code).toBe("approval_required");
  });
});

async function connectModern(url: string) {
  const client = new Client(
    { name: "impedance-test", version: "1.0.0" },
    { versionNegotiation: { mode: "auto" } },
  );
  await client.connect(new StreamableHTTPClientTransport(new URL(url)));
  const callTool = (call: ReturnType<typeof report>) => client.callTool(call);
  return { callTool, [Symbol.asyncDispose]: () => client.close() };
}

describe("impedance approvals", () => {
  test.each([
    { title: "another token", who: "stranger", args: ["list"], says: "the token is missing" },
    {
      title: "an id that nobody was given",
      who: "approver",
      args: ["approve", `appr-${"0".repeat(32)}`],
      says: "no such question",
    },
  ])("fails with $title", async ({ who, args, says }) => {
    const ended = await approvals(args, who);
    expect(ended.code).toBe(1);
    expect(ended.stderr).toContain(says);
  });

  test("lists as JSON for those who build on it", async () => {
    const { stdout } = await approvals(["list", "--format", "json"]);
    expect(Object.keys(JSON.parse(stdout))).toEqual(["pending", "grants"]);
  });
});
