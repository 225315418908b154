import { expect, test } from "vitest";

import { suggest } from "../../../src/core/suggest.ts";

const KNOWN = ["listen", "limits", "denial", "disclose"];

test.each([
  { name: "listn", meant: "listen" },
  { name: "Limits", meant: "limits" },
  { name: "denail", meant: "denial" },
  { name: "disclosure", meant: "disclose" },
  { name: "upstream", meant: null },
  { name: "", meant: null },
  { name: "l".repeat(1_000_000), meant: null },
])("for a name that begins with “$name” suggest answers $meant", ({ name, meant }) => {
  expect(suggest(name, KNOWN)).toBe(meant);
});
