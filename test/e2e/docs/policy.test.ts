/** docs/policy.md, step by step: its files are written, its commands run, its output is compared. */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

import { toolCall } from "../../support/messages.ts";
import { recordDecisions } from "../cli/policy/record.ts";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));

/** A file to be there, or a command with what it prints. */
type Step =
  | { readonly kind: "file"; readonly name: string; readonly text: string }
  | {
      readonly kind: "command";
      readonly args: readonly string[];
      readonly code: number;
      readonly output: string;
    };

test("every command of docs/policy.md does what the page says", { timeout: 120_000 }, async () => {
  const steps = stepsOf(await readFile(join(ROOT, "docs/policy.md"), "utf8"));
  expect(steps.filter(({ kind }) => kind === "command").length).toBeGreaterThan(9);
  const folder = await mkdtemp(join(tmpdir(), "impedance-tutorial-"));
  try {
    for (const step of steps) {
      if (step.kind === "file") await writeStep(folder, step.name, step.text);
      else await expectOutput(folder, step);
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

function stepsOf(page: string): readonly Step[] {
  const blocks = page.matchAll(/^```(\w+)(?: file=(\S+))?\n([\s\S]*?)^```$/gm);
  return [...blocks].flatMap(([, language, name, text = ""]): readonly Step[] => {
    if (name !== undefined) return [{ kind: "file", name, text }];
    return language === "console" ? commandsOf(text) : [];
  });
}

function commandsOf(session: string): readonly Step[] {
  const parts = session.split(/^\$ impedance /m).slice(1);
  return parts.map((part) => {
    const [line = "", ...output] = part.split("\n");
    const [command = "", comment = ""] = line.split("#");
    const code = Number(/exit (\d)/.exec(comment)?.[1] ?? 0);
    const args = command.trim().split(/\s+/);
    return { kind: "command", args, code, output: output.join("\n") };
  });
}

async function writeStep(folder: string, name: string, text: string): Promise<void> {
  const path = join(folder, name);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text);
  if (name === "crm/policy.yaml") await writeLog(folder, path);
}

/** What the gateway would have written under the page's policy. */
async function writeLog(folder: string, policy: string): Promise<void> {
  const lines = await recordDecisions(policy, "crm", [
    toolCall(1, { user_id: "EMP000417" }, "get_user"),
    toolCall(2, { text: "hello" }, "note"),
    toolCall(3, {}, "delete_user"),
  ]);
  await writeFile(join(folder, "decisions.jsonl"), `${lines.join("\n")}\n`);
}

/** An ellipsis stands for any text on a line, and on a line of its own for any lines. */
async function expectOutput(
  folder: string,
  { args, code, output }: Extract<Step, { kind: "command" }>,
): Promise<void> {
  const ended = await run(folder, args);
  const literal = output.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
  const pattern = new RegExp(`^${literal.replaceAll("…", "[\\s\\S]*?")}$`);
  expect(ended.output, `impedance ${args.join(" ")}`).toMatch(pattern);
  expect(ended.code, `impedance ${args.join(" ")}`).toBe(code);
}

/** Both streams, in the order of a terminal where only one of them is written to. */
async function run(folder: string, args: readonly string[]) {
  const child = spawn(process.execPath, [join(ROOT, "src/main.ts"), ...args], {
    cwd: folder,
    env: { ...process.env, NO_COLOR: "1" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
  }
  const [code] = await once(child, "close");
  return { code: Number(code), output };
}
