import { cpSync, existsSync, mkdirSync, readFileSync, statSync } from "node:fs";
import { basename, isAbsolute, join } from "node:path";

/** One instruction, with the lines that it went on over joined. */
export interface Instruction {
  readonly name: string;
  readonly text: string;
}

/** One `FROM` and what follows it. */
export interface Stage {
  readonly name: string | null;
  readonly image: string;
  readonly instructions: readonly Instruction[];
}

/** The stages of a Dockerfile, with the arguments before the first in the place of their names. */
export function parseDockerfile(text: string): readonly Stage[] {
  const stages: { name: string | null; image: string; instructions: Instruction[] }[] = [];
  const values = new Map<string, string>();
  for (const { name, text: rest } of instructionsOf(text)) {
    if (name === "FROM") {
      const [, image = "", as] = /^(\S+)(?: AS (\S+))?$/.exec(rest) ?? [];
      const named = image.replace(/^\$\{(\w+)\}$/, (_, key: string) => values.get(key) ?? "");
      stages.push({ name: as ?? null, image: named, instructions: [] });
      continue;
    }
    const stage = stages.at(-1);
    if (stage !== undefined) stage.instructions.push({ name, text: rest });
    else if (name === "ARG") values.set(...pairOf(rest));
    else throw new Error(`${name} stands before FROM`);
  }
  return stages;
}

function instructionsOf(text: string): readonly Instruction[] {
  const lines = text.split("\n").filter((line) => !/^\s*(?:#|$)/.test(line));
  const joined = lines.join("\n").replace(/\\\n\s*/g, " ");
  return joined.split("\n").map((line) => {
    const [, name = "", rest = ""] = /^([A-Z]+)\s+(.*)$/.exec(line) ?? [];
    return { name, text: rest.trim() };
  });
}

function pairOf(text: string): [string, string] {
  const at = text.indexOf("=");
  return [text.slice(0, at), text.slice(at + 1)];
}

/** The last one of this name; null where there is none. */
export function textOf({ instructions }: Stage, name: string): string | null {
  return instructions.findLast((each) => each.name === name)?.text ?? null;
}

/** What `.dockerignore` lets into the build: it leaves out everything, and takes names back. */
export function contextOf(ignore: string): ReadonlySet<string> {
  const [all, ...rest] = ignore.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  if (all !== "*" || rest.some((line) => !/^![\w.-]+$/.test(line))) {
    throw new Error(".dockerignore says more than this reads");
  }
  return new Set(rest.map((line) => line.slice(1)));
}

export interface Making {
  /** The repository. */
  readonly context: string;
  /** Where each stage is made; a stage whose folder is there already is taken as it is. */
  readonly folder: (stage: string) => string;
  /** Carries out `RUN`, in this folder of this root. */
  readonly run: (command: string, cwd: string, root: string) => void;
}

/** Makes a stage's files in its folder, as a builder would, and resolves nothing from outside. */
export function make(stage: Stage, making: Making): void {
  const root = making.folder(stage.name ?? "");
  let directory = "/";
  for (const { name, text } of stage.instructions) {
    if (name === "WORKDIR") directory = text;
    const here = join(root, directory);
    mkdirSync(here, { recursive: true });
    if (name === "RUN") making.run(text, here, root);
    if (name === "COPY") copyAll(text, { root, here }, making);
  }
}

function copyAll(
  text: string,
  { root, here }: { readonly root: string; readonly here: string },
  { context, folder }: Making,
): void {
  const { from, sources, target } = copyOf(text);
  const to = isAbsolute(target) ? join(root, target) : join(here, target);
  if (from !== null) {
    for (const source of sources) copy(join(folder(from), source), to, target);
    return;
  }
  const allowed = contextOf(readFileSync(join(context, ".dockerignore"), "utf8"));
  for (const source of sources) {
    if (!allowed.has(source)) throw new Error(`${source} is not in the build`);
    copy(join(context, source), to, target);
  }
}

function copyOf(text: string) {
  const [, from = null, rest = ""] = /^(?:--from=(\S+) )?(.*)$/.exec(text) ?? [];
  const words = rest.split(/\s+/);
  return { from, sources: words.slice(0, -1), target: words.at(-1) ?? "" };
}

/** A folder's content goes into the target; a file becomes it, or goes into it. */
function copy(path: string, to: string, target: string): void {
  if (!existsSync(path)) throw new Error(`${path} is not there`);
  const isInto = !statSync(path).isDirectory() && /(?:^\.|\/)$/.test(target);
  const place = isInto ? join(to, basename(path)) : to;
  mkdirSync(join(place, ".."), { recursive: true });
  cpSync(path, place, { recursive: true, verbatimSymlinks: true });
}
