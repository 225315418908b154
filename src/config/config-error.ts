/** Where a wrong setting was made. */
export type Origin =
  | {
      readonly kind: "file";
      readonly file: string;
      /** Both count from 1. */
      readonly line: number;
      readonly column: number;
    }
  | { readonly kind: "variable"; readonly name: string };

/** One thing wrong with the configuration. No part of it quotes a value, which may be a secret. */
export interface ConfigError {
  readonly origin: Origin;
  /** The setting, such as `limits.json_max_depth`; empty for the whole document. */
  readonly path: string;
  readonly problem: string;
  readonly remedy: string;
}

/** A step into the document: a key of a map, or the index of a list as digits. */
export type Path = readonly string[];

/** What a check has to say, before it is known where the setting was made. */
export interface Fault {
  readonly path: Path;
  /** `key`: the name is wrong. `value`: what it is set to is. */
  readonly target: "key" | "value";
  readonly problem: string;
  readonly remedy: string;
}

const SHOWN_KEY_MAX_LENGTH = 64;

/** One line for a person: place, setting, what is wrong, what to do. */
export function formatConfigError(error: ConfigError): string {
  const { origin, path, problem, remedy } = error;
  const place =
    origin.kind === "file" ? `${origin.file}:${origin.line}:${origin.column}` : origin.name;
  return `${place}: ${path === "" ? "" : `${path} `}${problem}; ${remedy}`;
}

/** A setting's name as a person writes it: `servers.files.url`. */
export function formatPath(path: Path): string {
  return path.map(printable).join(".");
}

/** A key of the document, safe to print: bounded, and without control characters. */
export function printable(key: string): string {
  const clean = key.replace(/[^\p{L}\p{N}\p{P}\p{S} ]/gu, "?");
  return clean.length > SHOWN_KEY_MAX_LENGTH ? `${clean.slice(0, SHOWN_KEY_MAX_LENGTH)}…` : clean;
}
