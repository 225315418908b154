import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type ClientReadableStream,
  credentials,
  makeGenericClientConstructor,
} from "@grpc/grpc-js";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { loadServices } from "../../../src/envoy/protocol.ts";
import { freePort } from "../../support/gateway.ts";
import { waitFor, within } from "../../support/wait.ts";
import { impedance, type RunningCommand, startImpedance } from "./command.ts";

const SERVING = 1;
const NOT_SERVING = 2;

let folder: string;
const file = (name: string): string => join(folder, name);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "impedance-serve-"));
  await writeFile(file("policy.yaml"), 'policy_id: p\nversion: "1"\ndefault: allow\n');
  await writeFile(file("wrong.yaml"), 'policy_id: p\nversion: "1"\ndefault: sometimes\n');
});

afterAll(() => rm(folder, { recursive: true, force: true }));

/** What gRPC's health service says, as it changes. */
async function watch(address: string) {
  const Client = makeGenericClientConstructor(loadServices().health, "Health");
  const client = new Client(address, credentials.createInsecure());
  const seen: number[] = [];
  const stream: ClientReadableStream<{ status?: number }> = client.Watch?.({});
  stream.on("data", ({ status }) => seen.push(status));
  const ended = new Promise<void>((resolve) => {
    stream.on("end", resolve);
    stream.on("error", () => resolve());
  });
  return { seen, ended, close: () => client.close() };
}

/** The line that says which ports were taken. */
function started(command: RunningCommand) {
  return waitFor("serve to start", () => {
    if (command.child.exitCode !== null) throw new Error(command.stderr());
    return /^.*"started".*$/m.exec(command.stderr());
  }).then(([line]): { grpc_port: number; admin_port: number } => JSON.parse(line));
}

describe("impedance serve", () => {
  test("is ready by gRPC's health service and by HTTP, and drains on SIGTERM", async () => {
    const args = ["serve", "--policy", file("policy.yaml")];
    await using command = startImpedance([
      ...args,
      "--grpc",
      "127.0.0.1:0",
      "--admin",
      "127.0.0.1:0",
    ]);
    const { grpc_port, admin_port } = await started(command);
    const health = await watch(`127.0.0.1:${grpc_port}`);
    await waitFor("its health", () => health.seen.length > 0);
    expect(health.seen).toEqual([SERVING]);
    const admin = await fetch(`http://127.0.0.1:${admin_port}/health`);
    expect(await admin.json()).toEqual({ status: "ok", policy: "allow" });

    command.child.kill("SIGTERM");
    const { code, stdout, stderr } = await within("the end of serve", command.ended);
    await health.ended;
    health.close();
    expect(health.seen).toEqual([SERVING, NOT_SERVING]);
    const lines = stdout.trimEnd().split("\n");
    expect(code).toBe(0);
    expect(lines.map((line) => JSON.parse(line).kind)).toEqual([
      "start",
      "config_history",
      "policy_history",
      "checkpoint",
    ]);
    const messages = stderr.trimEnd().split("\n");
    expect(messages.map((line) => JSON.parse(line).code)).toEqual([
      "one_worker",
      "started",
      "draining",
      "stopped",
    ]);
  });

  test("serves on a Unix socket", async () => {
    const socket = file("impedance.sock");
    await using command = startImpedance([
      "serve",
      "--grpc",
      `unix:${socket}`,
      "--admin",
      "127.0.0.1:0",
    ]);
    await started(command);
    const health = await watch(`unix:${socket}`);
    await waitFor("its health", () => health.seen.length > 0);
    expect(health.seen).toEqual([SERVING]);
    health.close();
  });

  test.each([
    {
      title: "a policy with a mistake",
      args: ["--policy", "wrong.yaml"],
      exits: 11,
      says: /wrong\.yaml:3:10: default: /,
    },
    {
      title: "a policy that is not there",
      args: ["--policy", "nowhere.yaml"],
      exits: 11,
      says: /nowhere\.yaml: the policy cannot be read/,
    },
    {
      title: "a configuration that is not there",
      args: ["--config", "nowhere.yaml"],
      exits: 1,
      says: /nowhere\.yaml: cannot be read/,
    },
  ])("does not start with $title, and names it", async ({ args, says, exits }) => {
    const [option = "", name = ""] = args;
    const { code, stdout, stderr } = await impedance(["serve", option, file(name)]);
    expect({ code, stdout }).toEqual({ code: exits, stdout: "" });
    expect(stderr).toMatch(says);
  });

  test.each([
    { what: "grpc", other: "admin" },
    { what: "admin", other: "grpc" },
  ])(
    "does not start where its $what port is taken, and says how to change it",
    async ({ what, other }) => {
      const { createServer } = await import("node:net");
      const port = await freePort();
      const holder = createServer().listen(port, "127.0.0.1");
      await once(holder, "listening");
      const args = ["serve", `--${what}`, `127.0.0.1:${port}`, `--${other}`, "127.0.0.1:0"];
      const { code, stderr } = await impedance(args);
      holder.close();
      expect(code).toBe(1);
      expect(stderr).toContain(`${what}: cannot listen on 127.0.0.1:${port} (EADDRINUSE)`);
      expect(stderr).toContain(`--${what}`);
    },
  );
});
