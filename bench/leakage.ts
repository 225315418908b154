/** What an observation tells, in bits: counted, not modelled (the plug-in estimator). */

/** Shannon entropy of the values as they are distributed. */
export function entropyBits(values: readonly string[]): number {
  let weighted = 0;
  for (const count of countsOf(values).values()) weighted += count * Math.log2(count);
  return values.length === 0 ? 0 : Math.log2(values.length) - weighted / values.length;
}

/** What the second of each pair tells of the first: H(a) + H(b) − H(a, b). */
export function mutualInformationBits(pairs: readonly (readonly [string, string])[]): number {
  const joint = pairs.map((pair) => pair.join("\0"));
  const [first, second] = [pairs.map(([a]) => a), pairs.map(([, b]) => b)];
  return Math.max(0, entropyBits(first) + entropyBits(second) - entropyBits(joint));
}

/** How often whoever sees the second and always guesses the likeliest first is right, 0 to 1. */
export function bestGuess(pairs: readonly (readonly [string, string])[]): number {
  const likeliest = new Map<string, number>();
  const counts = countsOf(pairs.map((pair) => pair.join("\0")));
  for (const [pair, count] of counts) {
    const observed = pair.slice(pair.indexOf("\0") + 1);
    likeliest.set(observed, Math.max(count, likeliest.get(observed) ?? 0));
  }
  const right = [...likeliest.values()].reduce((sum, count) => sum + count, 0);
  return pairs.length === 0 ? 0 : right / pairs.length;
}

function countsOf(values: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return counts;
}
