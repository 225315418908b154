/**
 * Before each test file: from here on, what our own processes write, and the logs in folders that
 * tests remove, are looked through for canaries. Tests need not do anything for it.
 */

import { existsSync } from "node:fs";
import { afterAll, expect } from "vitest";
import { setRunning, settle } from "./gather.ts";
import { foldersMade, quietly } from "./patches.ts";

setRunning(() => expect.getState());
// The first hook of a file runs last: what tests have left behind is looked through too.
afterAll(() => {
  for (const folder of foldersMade) if (existsSync(folder)) quietly(folder);
  foldersMade.clear();
  settle();
});
