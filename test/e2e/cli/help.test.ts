import { expect, test } from "vitest";

import { impedance } from "./command.ts";

/** As a process; test/unit/cli has every command and option. */
test("impedance --help is on standard output, and ends with 0", async () => {
  const { code, stdout, stderr } = await impedance(["--help"]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(stdout).toContain("usage: impedance COMMAND");
});

test("impedance up --help too", async () => {
  const { code, stdout, stderr } = await impedance(["up", "--help"]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(stdout).toContain("usage: impedance up");
});

test("a misuse is told on standard error, and ends with 2", async () => {
  expect(await impedance(["scann"])).toEqual({
    code: 2,
    stdout: "",
    stderr:
      "impedance: there is no command scann; did you mean scan?\nimpedance: impedance --help lists them\n",
  });
});
