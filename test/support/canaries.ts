/**
 * All that tests plant to see whether it gets out. Whatever of this stands in any output of ours, of
 * any test, fails the run (`test/support/watch`). Written in pieces, so that no scanner takes this
 * file for a leak.
 */
export const CANARIES = {
  "access key": ["AKIA", "Q3EGRIZT", "7XBN2WKD"].join(""),
  "platform token": ["ghp_", "a8Kq2ZvT9xLm4RcW7bYn", "3HdJ6sPf5GtE1uQo"].join(""),
  "plain words": "canary-4f1b words",
  "path under a root": "/srv/projects/app/src/canary.ts",
  "card number": "4111111111111111",
  "receiver's token": "a-token-for-tests",
} as const;

export type CanaryName = keyof typeof CANARIES;
