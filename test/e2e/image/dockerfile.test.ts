/**
 * The Dockerfile without a container engine: its own steps in an empty folder, what comes of them
 * as a user without rights, and what a linter says.
 */

import { execFileSync, spawn } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { contextOf, make, parseDockerfile, textOf } from "../../support/dockerfile.ts";
import { freePort } from "../../support/gateway.ts";
import { findTool } from "../../support/tool.ts";
import { waitFor } from "../../support/wait.ts";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
const TEXT = readFileSync(join(ROOT, "Dockerfile"), "utf8");
const STAGES = parseDockerfile(TEXT);
const FINAL = STAGES.at(-1) ?? { name: null, image: "", instructions: [] };
const HADOLINT = findTool("hadolint", "IMPEDANCE_HADOLINT");
const OPA = findTool("opa", "IMPEDANCE_OPA");
const BUILD_DEADLINE_MS = 240_000;
const USER = 65_532;

describe("the Dockerfile", () => {
  test("names each base by an exact tag or a digest", () => {
    expect(STAGES.map(({ image }) => image)).toHaveLength(3);
    for (const { image } of STAGES) {
      expect(image).toMatch(/(?::(?!latest)[\w.-]+|@sha256:[0-9a-f]{64})$/);
    }
  });

  test("ends as a user by number, with a health check, and needs no shell", () => {
    expect(textOf(FINAL, "USER")).toBe(`${USER}:${USER}`);
    expect(JSON.parse(textOf(FINAL, "ENTRYPOINT") ?? "")).toEqual([
      "/nodejs/bin/node",
      "/app/dist/main.js",
    ]);
    expect(JSON.parse(textOf(FINAL, "CMD") ?? "")).toContain("serve");
    expect(healthCheck()).toEqual(["/nodejs/bin/node", "/app/dist/main.js", "health"]);
    const names = FINAL.instructions.map(({ name }) => name);
    expect(names).not.toContain("RUN");
    expect(names).not.toContain("SHELL");
  });

  test("adds nothing from elsewhere, and copies no folder but by its name", () => {
    const all = STAGES.flatMap(({ instructions }) => instructions);
    expect(all.filter(({ name }) => name === "ADD")).toEqual([]);
    const copies = all.filter(({ name }) => name === "COPY").map(({ text }) => text);
    expect(copies.filter((text) => /(?:^| )\.(?: |$)/.test(text.replace(/ \S+$/, "")))).toEqual([]);
    const context = contextOf(readFileSync(join(ROOT, ".dockerignore"), "utf8"));
    for (const name of [".git", "node_modules", "test", "dist", "demo"]) {
      expect(context.has(name)).toBe(false);
    }
  });

  test.skipIf(HADOLINT === null)("has no fault that hadolint knows (needs hadolint)", () => {
    const args = ["--format", "json", join(ROOT, "Dockerfile")];
    expect(JSON.parse(execFileSync(HADOLINT ?? "", args, { encoding: "utf8" }))).toEqual([]);
  });
});

describe.skipIf(OPA === null)("the image (needs opa)", () => {
  let folder: string;
  let app: string;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "impedance-image-"));
    app = join(folder, "final", "app");
    // As the first stage has it.
    mkdirSync(join(folder, "opa"));
    copyFileSync(OPA ?? "", join(folder, "opa", "opa"));
    const place = (stage: string) => join(folder, stage === "" ? "final" : stage);
    for (const stage of STAGES.slice(1)) make(stage, { context: ROOT, folder: place, run });
    openToAll(folder);
  }, BUILD_DEADLINE_MS);

  afterAll(() => {
    chmodAll(folder, 0o700, 0o600);
    rmSync(folder, { recursive: true, force: true });
  });

  test("holds what runs, and neither tests nor sources nor tools", () => {
    expect(readdirSync(app).sort()).toEqual(
      ["LICENSE", "dist", "envoy", "node_modules", "package.json"].concat(
        ["policies", "proto", "schemas"].sort(),
      ),
    );
    const own = filesBelow(app).filter((name) => !name.startsWith("node_modules/"));
    expect(own).toContain("dist/policy/bundle.tar.gz");
    expect(own.filter((name) => /(?:\.test\.|_test\.rego$|\.ts$|\.map$)/.test(name))).toEqual([]);
    // So much docs/kubernetes.md says, with room for a release or two.
    const bytes = filesBelow(app).map((name) => statSync(join(app, name)).size);
    const mebibytes = bytes.reduce((all, one) => all + one, 0) / 2 ** 20;
    expect(mebibytes).toBeLessThan(40);
  });

  test("holds the packages of `npm run sbom` that are required, and no others", () => {
    const text = execFileSync(process.execPath, [join(ROOT, "scripts", "sbom.mjs")]);
    const { components } = JSON.parse(text.toString()) as { components: readonly Component[] };
    const required = components.filter(({ scope }) => scope === "required");
    const lock = join(app, "node_modules", ".package-lock.json");
    const { packages } = JSON.parse(readFileSync(lock, "utf8")) as Installed;
    const installed = Object.entries(packages).map(
      ([path, { version }]) => `${path.replace(/^.*node_modules\//, "")}@${version}`,
    );
    const listed = required.map(({ name, version }) => `${name}@${version}`);
    expect([...new Set(installed)].sort()).toEqual(listed.sort());
  });

  test("serves as a user without rights from files that nobody may write", async () => {
    const port = await freePort();
    const [program, ...rest] = JSON.parse(textOf(FINAL, "ENTRYPOINT") ?? "[]") as string[];
    const command = JSON.parse(textOf(FINAL, "CMD") ?? "[]") as string[];
    const args = [...rest, ...command].map((arg) => (arg === "0.0.0.0:9191" ? here(port) : arg));
    expect(args).toContain(here(port));
    const service = start(program, [...args, "--admin", "127.0.0.1:0"]);
    try {
      await waitFor("the service to start", () => {
        if (service.child.exitCode !== null) throw new Error(service.output());
        return service.output().includes('"started"');
      });
      const [asker, ...question] = healthCheck();
      const health = start(asker, [...question, "--grpc", here(port)]);
      expect({ code: await health.ended, output: health.output() }).toEqual({
        code: 0,
        output: "serving\n",
      });
      service.child.kill("SIGTERM");
      expect(await service.ended).toBe(0);
      const nobody = start(asker, [...question, "--grpc", here(port)]);
      expect(await nobody.ended).toBe(1);
    } finally {
      service.child.kill("SIGKILL");
    }
  });

  /** What the base image would run, from the folder that stands for `/app`. */
  function start(program: string | undefined, args: readonly string[]) {
    expect(program).toBe("/nodejs/bin/node");
    const moved = args.map((arg) => arg.replace(/^\/app\//, `${app}/`));
    const isRoot = process.getuid?.() === 0;
    const child = spawn(process.execPath, moved, {
      cwd: app,
      env: { NODE_ENV: "production" },
      stdio: ["ignore", "pipe", "pipe"],
      ...(isRoot ? { uid: USER, gid: USER } : {}),
    });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => {
        output += text;
      });
    }
    const ended = new Promise<number | null>((resolve) => {
      child.once("close", (code) => resolve(code));
    });
    return { child, ended, output: () => output };
  }
});

interface Component {
  readonly name: string;
  readonly version: string;
  readonly scope: string;
}

interface Installed {
  readonly packages: { readonly [path: string]: { readonly version: string } };
}

function healthCheck(): readonly string[] {
  const text = textOf(FINAL, "HEALTHCHECK") ?? "";
  return JSON.parse(/ CMD (\[.*\])$/.exec(text)?.[1] ?? "[]") as string[];
}

/** Without our own packages in PATH, and without what our caller's npm says of itself. */
function run(command: string, cwd: string, root: string): void {
  const kept = Object.entries(process.env).filter(([name]) => !/^(?:npm_|IMPEDANCE_)/i.test(name));
  const outside = (process.env.PATH ?? "")
    .split(delimiter)
    .filter((one) => !one.startsWith(ROOT) || one === dirname(process.execPath));
  const path = [join(root, "usr", "local", "bin"), ...outside, dirname(process.execPath)];
  const npm = { npm_config_prefer_offline: "true", npm_config_update_notifier: "false" };
  const env = { ...Object.fromEntries(kept), ...npm, PATH: path.join(delimiter) };
  execFileSync("sh", ["-eu", "-c", command], { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
}

function here(port: number): string {
  return `127.0.0.1:${port}`;
}

function filesBelow(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) =>
    statSync(join(folder, name)).isFile(),
  );
}

/** Everybody may read, and nobody write: the root of a container that is read-only. */
function openToAll(folder: string): void {
  chmodAll(folder, 0o555, 0o555);
}

function chmodAll(folder: string, forFolders: number, forFiles: number): void {
  chmodSync(folder, 0o700);
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) chmodAll(path, forFolders, forFiles);
    else if (entry.isFile()) chmodSync(path, forFiles);
  }
  chmodSync(folder, forFolders);
}
