import { describe, expect, test } from "vitest";
import { createConfusables, skeletonOf } from "../../../src/catalogue/confusables.ts";

describe("skeletonOf", () => {
  test.each([
    { title: "case", other: "Read_File" },
    { title: "separators", other: "read-file" },
    { title: "no separators", other: "readFile" },
    { title: "a dot", other: "read.file" },
    { title: "a Cyrillic letter", other: "rеad_file" },
    { title: "a Greek letter", other: "reαd_file" },
    { title: "full width", other: "ｒead_file" },
    { title: "a mark", other: "réad_file" },
    { title: "a character that nobody sees", other: "read\u200b_file" },
    { title: "a direction mark", other: "read_\u202efile" },
    { title: "a one for an i", other: "read_f1le" },
    { title: "a capital i for an l", other: "read_fiIe" },
  ])("does not see $title", ({ other }) => {
    expect(skeletonOf(other)).toBe(skeletonOf("read_file"));
  });

  test.each(["read_files", "write_file", "read_fil", "file_read"])("tells %s apart", (other) => {
    expect(skeletonOf(other)).not.toBe(skeletonOf("read_file"));
  });
});

describe("confusables", () => {
  test("are told once, with the tool that was there first", () => {
    const { meet } = createConfusables();
    expect(meet({ server: "files", name: "read_file" })).toBeNull();
    expect(meet({ server: "evil", name: "read-file" })).toEqual({
      server: "files",
      name: "read_file",
    });
    expect(meet({ server: "evil", name: "read-file" })).toBeNull();
    expect(meet({ server: "files", name: "read_file" })).toBeNull();
  });

  test("are the same name on two servers, too", () => {
    const { meet } = createConfusables();
    expect(meet({ server: "a", name: "search" })).toBeNull();
    expect(meet({ server: "b", name: "search" })?.server).toBe("a");
    expect(meet({ server: "b", name: "research" })).toBeNull();
  });
});
