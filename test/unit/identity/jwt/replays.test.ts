import { expect, test } from "vitest";

import { createReplayMemory } from "../../../../src/identity/jwt/replays.ts";

test("what was used once is used, until it ends by itself", async () => {
  let now = 0;
  const memory = createReplayMemory({ clock: { now: () => now } });
  expect(await memory.use("a", 1_000)).toBe("first");
  expect(await memory.use("b", 1_000)).toBe("first");
  expect(await memory.use("a", 1_000)).toBe("used");
  now = 1_000;
  expect(await memory.use("a", 2_000)).toBe("first");
});

test("a memory that is full forgets nothing that still counts", async () => {
  let now = 0;
  const memory = createReplayMemory({ clock: { now: () => now }, entriesMax: 2 });
  await memory.use("a", 1_000);
  await memory.use("b", 5_000);
  expect(await memory.use("c", 5_000)).toBe("full");
  expect(await memory.use("a", 1_000)).toBe("used");
  now = 1_500;
  expect(await memory.use("c", 5_000)).toBe("first");
  expect(await memory.use("b", 5_000)).toBe("used");
});
