/** Folders under the root, and what one calls in them. */
const FOLDERS = ["etc", "bin", "usr", "sbin", "dev", "proc", "var", "root", "opt", "home"];
const INSIDE = [
  "passwd",
  "shadow",
  "bin",
  "sbin",
  "local",
  "bash",
  "cat",
  "sh",
  "nc",
  "id",
  "ls",
  "hosts",
];
const TOKENS_MAX = 32;
const SEGMENT_MAX_LENGTH = 32;
const PATHS = /\/[^\s/;|&"'<>`]{1,32}\/[^\s/;|&"'<>`]{1,32}/g;

/** `/???/??t`, `/bi[n]/bash`, `/et*\/pass?d`: a path of the system that only a shell can read. */
export function hasGlobbedName(text: string): boolean {
  if (!/\/[^\s]*[?*[]/.test(text)) return false;
  let count = 0;
  for (const [path] of text.matchAll(PATHS)) {
    if (++count > TOKENS_MAX) return false;
    const [, first = "", second = ""] = path.split("/");
    const isHidden = /[?[]|[a-z]\*|\*[a-z]/i.test(first) || /[?[]|[a-z]\*|\*[a-z]/i.test(second);
    if (
      isHidden &&
      FOLDERS.some((name) => fits(first, name)) &&
      INSIDE.some((name) => fits(second, name))
    ) {
      return true;
    }
  }
  return false;
}

/** Globs of a shell, on short names: `?`, `*`, `[…]`. Without going back more than the name is long. */
function fits(pattern: string, name: string): boolean {
  if (pattern.length > SEGMENT_MAX_LENGTH) return false;
  let states = new Set([0]);
  for (let at = 0; at <= name.length; at++) {
    const open = closure(pattern, states);
    if (at === name.length) return open.has(pattern.length);
    states = new Set([...open].flatMap((state) => step(pattern, state, name[at] ?? "")));
  }
  return false;
}

function closure(pattern: string, states: ReadonlySet<number>): ReadonlySet<number> {
  const open = new Set(states);
  for (const state of open) if (pattern[state] === "*") open.add(state + 1);
  return open;
}

function step(pattern: string, state: number, character: string): readonly number[] {
  const one = pattern[state];
  if (one === undefined) return [];
  if (one === "*") return [state];
  if (one === "?") return [state + 1];
  if (one !== "[") return one.toLowerCase() === character ? [state + 1] : [];
  const end = pattern.indexOf("]", state + 2);
  if (end === -1) return [];
  const inside = pattern.slice(state + 1, end);
  const negated = /^[!^]/.test(inside);
  return inside.includes(character) !== negated || inside.includes("-") ? [end + 1] : [];
}
