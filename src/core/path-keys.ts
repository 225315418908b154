/** The last word of a key that holds a path: `path`, `filePath`, `output_dir`. */
const PATH_WORDS: ReadonlySet<string> = new Set([
  "cwd",
  "dir",
  "directory",
  "file",
  "filename",
  "filepath",
  "files",
  "folder",
  "path",
  "paths",
]);
/** Keys that hold a path when they stand alone. */
const PATH_KEYS: ReadonlySet<string> = new Set([
  "dest",
  "destination",
  "root",
  "source",
  "src",
  "target",
]);
const KEY_MAX_LENGTH = 64;
/** One of those words, wherever it stands: most keys hold none, and need no closer look. */
const HINT = /cwd|dir|file|folder|path|dest|root|source|src|target/i;

/** Whether an object key says that its value is a path. */
export function isPathKey(name: string | null): boolean {
  if (name === null || name.length > KEY_MAX_LENGTH || !HINT.test(name)) return false;
  const words = name
    .split(/[^A-Za-z0-9]+|(?<=[a-z0-9])(?=[A-Z])/)
    .map((word) => word.toLowerCase());
  const last = words.at(-1) ?? "";
  if (last === "path" && words.at(-2) === "json") return false;
  return PATH_WORDS.has(last) || (words.length === 1 && PATH_KEYS.has(last));
}
