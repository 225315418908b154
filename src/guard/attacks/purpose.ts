import type { Purpose } from "./suspicion.ts";

/** The last word of an argument's name, and what is put under such names. */
const PURPOSES: ReadonlyMap<string, Purpose> = new Map(
  Object.entries({
    sql: "sql statement",
    filter: "filter filters where condition id ids name username user email sort order column key",
    path: "path paths file files filename filepath dir directory folder cwd root dest destination",
    url: "url urls uri href link endpoint webhook callback host hostname domain website site",
    command: "cmd command commands shell script bash exec args argv",
    code: "code source snippet program javascript python expression regex pattern",
  }).flatMap(([purpose, words]) =>
    words.split(" ").map((word) => [word, purpose as Purpose] as const),
  ),
);
const NAME_MAX_LENGTH = 64;

/** Names come again and again; so many are kept, and then it begins anew. */
const KNOWN = new Map<string, Purpose>();
const KNOWN_MAX = 512;

/** What an argument of this name is for. */
export function purposeOf(name: string | null): Purpose {
  if (name === null || name.length > NAME_MAX_LENGTH) return "any";
  const known = KNOWN.get(name);
  if (known !== undefined) return known;
  const purpose = read(name);
  if (KNOWN.size >= KNOWN_MAX) KNOWN.clear();
  KNOWN.set(name, purpose);
  return purpose;
}

function read(name: string): Purpose {
  const words = name.split(/[^A-Za-z0-9]+|(?<=[a-z0-9])(?=[A-Z])/);
  return PURPOSES.get((words.at(-1) ?? "").toLowerCase()) ?? "any";
}
