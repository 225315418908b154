/**
 * A fixed pseudo-random text over a character class: looks like a secret to a rule, and is none.
 * (A linear congruential generator with the constants of Numerical Recipes.)
 */
export function sampleOf(alphabet: string, length: number): string {
  const member = new RegExp(`^[${alphabet}]$`);
  const characters = Array.from({ length: 128 }, (_, code) => String.fromCharCode(code)).filter(
    (character) => member.test(character) && /[A-Za-z0-9]/.test(character),
  );
  let state = length;
  return Array.from({ length }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return characters[Math.floor((state / 2 ** 32) * characters.length)] ?? "";
  }).join("");
}
