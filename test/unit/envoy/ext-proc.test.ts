import { expect, test } from "vitest";

import { DEFAULT_LIMITS } from "../../../src/core/limits.ts";
import { createByteBudget } from "../../../src/envoy/body-buffer.ts";
import { createExtProc } from "../../../src/envoy/ext-proc.ts";

test("an exchange over the limit is refused, also where that cannot be put on record", () => {
  const faults: unknown[] = [];
  const extProc = createExtProc({
    firewall: {
      open() {
        throw new Error("nothing can be opened");
      },
    },
    limits: { ...DEFAULT_LIMITS, openExchangesMax: 0 },
    budget: createByteBudget(1),
    onFault: (_code, error) => faults.push(error),
    onOpen: () => undefined,
    onClose: () => undefined,
    onShed: () => undefined,
    later: () => undefined,
  });
  try {
    expect(extProc.refuses(0)).toBe(true);
    expect(faults).toEqual([new Error("nothing can be opened")]);
  } finally {
    extProc.close();
  }
});
