/** Top folders of Unix systems: a path that begins in one of them is a path of a machine. */
const TOP_FOLDERS: ReadonlySet<string> = new Set([
  "Applications",
  "Library",
  "Network",
  "System",
  "Users",
  "Volumes",
  "bin",
  "boot",
  "builds",
  "cygdrive",
  "dev",
  "etc",
  "gpfs",
  "home",
  "lib",
  "lib32",
  "lib64",
  "lost+found",
  "media",
  "mnt",
  "net",
  "nfs",
  "nix",
  "opt",
  "private",
  "proc",
  "root",
  "run",
  "sbin",
  "scratch",
  "sdcard",
  "snap",
  "srv",
  "sys",
  "tmp",
  "usr",
  "vagrant",
  "var",
  "workspace",
  "workspaces",
]);

/** Extensions of files that no web server hands out: with one, any two segments are a path. */
const FILE_EXTENSION =
  /\.(?:bash|c|cc|cfg|conf|cpp|crt|cs|csv|db|env|go|gradle|h|hpp|ini|ipynb|java|kdbx|key|kt|lock|log|mjs|p12|pem|pfx|php|py|pyc|rb|rs|scala|sh|sql|sqlite|swift|tf|toml|ts|tsx|xlsx|yaml|yml|zsh)$/i;

/** Longer ones are not looked at. */
const NAME_MAX_LENGTH = 255;

/** Whether an absolute path without a known root is one of a file system, and no API route. */
export function isMachinePath(path: string, rootFolders: ReadonlySet<string>): boolean {
  const start = leadingSlashes(path);
  const slash = path.indexOf("/", start);
  if (slash === -1 || slash === path.length - 1) return false;
  const first = path.slice(start, Math.min(slash, start + NAME_MAX_LENGTH));
  if (TOP_FOLDERS.has(first) || rootFolders.has(first)) return true;
  return start === 1 && FILE_EXTENSION.test(path.slice(-NAME_MAX_LENGTH));
}

/** Whether a path is one of `folders`, or lies below one. */
export function isBelow(path: string, folders: readonly string[]): boolean {
  return folders.some(
    (folder) =>
      path.startsWith(folder) && (path.length === folder.length || path[folder.length] === "/"),
  );
}

function leadingSlashes(path: string): number {
  let count = 0;
  while (path[count] === "/") count += 1;
  return count;
}
