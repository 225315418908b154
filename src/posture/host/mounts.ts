import type { Tree } from "../tree.ts";

/** One line of /proc/self/mountinfo (proc_pid_mountinfo(5)). */
export interface Mount {
  /** `major:minor`. */
  readonly device: string;
  readonly at: string;
  readonly options: ReadonlySet<string>;
  readonly type: string;
  readonly source: string;
  readonly superOptions: ReadonlySet<string>;
}

export const MOUNTINFO = "/proc/self/mountinfo";

export async function readMounts(tree: Tree): Promise<readonly Mount[] | null> {
  const text = await tree.text(MOUNTINFO);
  if (text === null) return null;
  return text.split("\n").flatMap((line) => readMount(line) ?? []);
}

function readMount(line: string): Mount | null {
  const fields = line.split(" ");
  // Between the options and this mark stands any number of optional fields.
  const mark = fields.indexOf("-", 6);
  const [, , device, , at, options] = fields;
  const [type, source, superOptions] = mark < 0 ? [] : fields.slice(mark + 1);
  if (device === undefined || at === undefined || options === undefined) return null;
  if (type === undefined || source === undefined) return null;
  return {
    device,
    at: unescaped(at),
    options: new Set(options.split(",")),
    type,
    source: unescaped(source),
    superOptions: new Set((superOptions ?? "").split(",")),
  };
}

/** Space, tab, line break and backslash stand there as octal numbers. */
function unescaped(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, octal: string) =>
    String.fromCharCode(Number.parseInt(octal, 8)),
  );
}

/** The mount that a path lies under; of several at one place the last hides the others. */
export function mountOf(mounts: readonly Mount[], path: string): Mount | null {
  let best: Mount | null = null;
  for (const mount of mounts) {
    const covers = mount.at === "/" || path === mount.at || path.startsWith(`${mount.at}/`);
    if (covers && (best === null || mount.at.length >= best.at.length)) best = mount;
  }
  return best;
}
