/**
 * Holds each rule that ships to its form: a folder of its own with its tests, and annotations that
 * say what it is about, what it says, and what it denies and lets pass. OPA itself reads them.
 */
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";

const root = resolve(import.meta.dirname, "../../..");
const rules = join(root, "rego/mcp/rules");

interface Annotations {
  readonly scope: string;
  readonly title?: string;
  readonly description?: string;
  readonly custom?: { readonly [key: string]: unknown };
}

interface Annotated {
  readonly path: readonly { readonly value: string }[];
  readonly annotations: Annotations;
}

const annotated = inspect();
const names = readdirSync(rules);

/** `opa inspect -a`: every annotation with the path of what it is about. */
function inspect(): readonly Annotated[] {
  const installed = join(root, ".tools/bin/opa");
  const opa = process.env.IMPEDANCE_OPA ?? (existsSync(installed) ? installed : "opa");
  const args = ["inspect", "-a", "--format", "json", join(root, "rego")];
  const found: unknown = JSON.parse(
    execFileSync(opa, args, { maxBuffer: 64 * 1024 * 1024 }).toString(),
  );
  return (found as { annotations: readonly Annotated[] }).annotations;
}

function annotationsOf(name: string): readonly Annotations[] {
  const place = `data.mcp.rules.${name}`;
  return annotated
    .filter(({ path }) => {
      const full = path.map(({ value }) => value).join(".");
      return full === place || full.startsWith(`${place}.`);
    })
    .map(({ annotations }) => annotations);
}

test.each(names)("%s has a title, a description and tests beside it", (name) => {
  expect(readdirSync(join(rules, name)).sort()).toEqual([`${name}.rego`, `${name}_test.rego`]);
  const about = annotationsOf(name).filter(({ scope }) => scope === "package");
  expect(about).toHaveLength(1);
  expect(about[0]).toMatchObject({ title: TEXT, description: TEXT });
});

test.each(names)("%s says what it denies or lets pass, with an example of either", (name) => {
  const spoken = annotationsOf(name).filter(({ custom }) => custom !== undefined);
  expect(spoken.length).toBeGreaterThan(0);
  for (const { description, custom } of spoken) {
    const allows = custom?.code === undefined;
    expect(description).toEqual(TEXT);
    if (!allows) {
      expect(custom).toMatchObject({
        code: expect.stringMatching(/^[a-z]+(?:_[a-z]+)*$/),
        severity: expect.stringMatching(/^(?:low|medium|high|critical)$/),
        rank: expect.any(Number),
        remedy: TEXT,
      });
    }
    expect(custom?.examples).toEqual(
      allows ? [{ passes: TEXT }, { leaves: TEXT }] : [{ denies: TEXT }, { passes: TEXT }],
    );
  }
});

const TEXT = expect.stringMatching(/\S/);
