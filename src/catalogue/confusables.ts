/** A tool of a server. */
export interface NamedTool {
  readonly server: string;
  readonly name: string;
}

/** Names that were seen, by what they look like. */
export interface Confusables {
  /** The first tool seen whose name can be taken for this one; null from the second time on. */
  meet(tool: NamedTool): NamedTool | null;
}

/** Beyond it a new name is not remembered. */
const NAMES_MAX = 65_536;

export function createConfusables(): Confusables {
  const first = new Map<string, NamedTool>();
  const met = new Set<string>();
  return {
    meet(tool) {
      const key = JSON.stringify([tool.server, tool.name]);
      if (met.has(key) || met.size >= NAMES_MAX) return null;
      met.add(key);
      const shape = skeletonOf(tool.name);
      const other = first.get(shape);
      if (other === undefined) first.set(shape, tool);
      return other ?? null;
    },
  };
}

/** Letters of other scripts that are drawn as small Latin ones; NFKC knows all the others. */
const LOOK_ALIKES: ReadonlyMap<string, string> = new Map(
  (
    "аa вb сc ԁd еe ҽe ғf ɡg һh нh іi їi јj кk қk ӏl мm пn оo өo рp ԛq гr ѕs тt υu ցu ѵv ԝw шw хx уy үy " +
    "αa βb ϲc εe ηn ιi κk νv οo ρp σo τt χx γy ωw աw հh ոn օo ѕs ɑa ɩi ʟl ɴn ʀr ꜱs ᴀa ᴄc ᴇe ᴏo ᴠv ᴡw ᴢz " +
    "ıi ȷj łl øo đd ħh"
  )
    .split(" ")
    .map(([alike = "", latin = ""]) => [alike, latin]),
);

/** A longer name is told apart by its beginning. */
const COMPARED_MAX_LENGTH = 256;

/**
 * What a name looks like to a hurried reader (after Unicode UTS 39, "Confusable Detection"): small
 * letters without marks, separators and characters that nobody sees, one letter for those that are
 * drawn alike.
 */
export function skeletonOf(name: string): string {
  const plain = name
    .slice(0, COMPARED_MAX_LENGTH)
    .normalize("NFKC")
    .toLowerCase()
    .normalize("NFKD")
    .replace(/[\p{M}\p{C}\p{Z}\p{P}_]/gu, "");
  const letters = Array.from(plain, (letter) => LOOK_ALIKES.get(letter) ?? letter).join("");
  return letters
    .replace(/[i1|]/g, "l")
    .replaceAll("0", "o")
    .replaceAll("rn", "m")
    .replaceAll("vv", "w");
}
