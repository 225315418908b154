/**
 * The kind of a finding that says a guard gave up on a text before it was through, so that the
 * default policy refuses it. It is told as one of `limits`, whichever guard gave up.
 */
export const BUDGET_EXCEEDED = "budget_exceeded";
