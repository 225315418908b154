/**
 * What does not pass direct either, by run: the SDK behaves so, or does not have it. A change of
 * this table is a change of a target or of a suite, never of Impedance.
 */
export const KNOWN: { readonly [run: string]: readonly string[] } = {};
