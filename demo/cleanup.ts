/** What has to be undone at the end, the last thing first. */
export interface Cleanup {
  add(step: () => Promise<void>): void;
  /** Does every step, whatever becomes of the one before. */
  run(): Promise<void>;
}

export function createCleanup(): Cleanup {
  const steps: (() => Promise<void>)[] = [];
  return {
    add: (step) => steps.push(step),
    run: async () => {
      for (let step = steps.pop(); step !== undefined; step = steps.pop()) {
        await step().catch((error: unknown) => console.error(error));
      }
    },
  };
}
