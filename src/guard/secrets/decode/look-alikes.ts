/** Letters of other scripts that are drawn as Latin ones; NFKC knows all the others. */
const LOOK_ALIKES: ReadonlyMap<string, string> = new Map(
  (
    "аa вB сc еe нH іi јj кk мM оo рp ѕs тT уy хx АA ВB СC ЕE НH ІI ЈJ КK МM ОO РP ЅS ТT ХX ԁd ԛq " +
    "ԝw һh ԍG αa οo ρp νv ιi κk ΑA ΒB ΕE ΖZ ΗH ΙI ΚK ΜM ΝN ΟO ΡP ΤT ΥY ΧX"
  )
    .split(" ")
    .map(([alike = "", latin = ""]) => [alike, latin]),
);

const VISIBLE_ASCII = /^[\x21-\x7e]$/;

/** The ASCII character that one looks like; null when it looks like none. */
export function lookAlikeOf(character: string): string | null {
  const known = LOOK_ALIKES.get(character);
  if (known !== undefined) return known;
  const folded = character.normalize("NFKC");
  return VISIBLE_ASCII.test(folded) ? folded : null;
}
