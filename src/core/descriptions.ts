/** What the `descriptions` guard looks for, as the configuration names it. */
export const DESCRIPTION_CONCERNS = [
  "hidden",
  "escapes",
  "comments",
  "instructions",
  "links",
  "names",
  "length",
] as const;
export type DescriptionConcern = (typeof DESCRIPTION_CONCERNS)[number];

/**
 * What becomes of what is found. `remove`: it is taken out, and where nothing may be edited, a
 * finding stays that the policy denies. `deny`: nothing is edited, and the policy denies. `report`:
 * it is on record, and passes.
 */
export type DescriptionAction = "remove" | "deny" | "report" | "off";

export interface DescriptionsConfig {
  readonly actions: { readonly [concern in DescriptionConcern]: DescriptionAction };
  /** What is hidden in texts of servers that describe nothing, such as a tool's results. */
  readonly otherText: Exclude<DescriptionAction, "deny">;
  /** A longer description is found, in UTF-16 code units. */
  readonly maxLength: number;
}
