/**
 * `node bench/paths.ts`: what aliases cost on one text, both ways, on one core. Each text must come
 * back exactly, or nothing is printed.
 */

import assert from "node:assert/strict";
import { conceal } from "../src/guard/paths/conceal.ts";
import { applyEdits } from "../src/guard/paths/leaf.ts";
import { createMemoryStore } from "../src/guard/paths/memory-store.ts";
import { createPathGuard } from "../src/guard/paths/path-guard.ts";
import { revealText } from "../src/guard/paths/reveal.ts";
import { describeMachine, machineLine } from "./machine.ts";
import { quantile } from "./statistics.ts";

const MEBIBYTE = 1024 * 1024;
const PROSE = "Lorem ipsum dolor sit amet, and/or text/plain; see https://example.org/a/b. ";
const CODE = 'import { x } from "../lib/x.ts"; // see /srv/projects/src/lib/x.ts:12\n';

const TEXTS = [
  { name: "a call's answer", text: fill(() => `at f (/srv/projects/x/y.js:1:2) ${PROSE}`, 400) },
  { name: "source code", text: fill(() => CODE + PROSE.repeat(4), MEBIBYTE) },
  { name: "paths under a root", text: fill((at) => `/srv/projects/src/f${at}.ts\n`, MEBIBYTE) },
  { name: "paths under no root", text: fill((at) => `/home/alice/src/f${at}.ts\n`, MEBIBYTE) },
];

const view = createPathGuard({
  key: new Uint8Array(32),
  store: createMemoryStore(),
  server: () => ({ roots: ["/srv/projects"], aliased: true }),
  publicPaths: ["/usr/bin"],
  keepExtension: false,
  contents: new Map(),
  ownPaths: [],
}).viewOf("files", {
  id: "anonymous",
  kind: "anonymous",
  roles: [],
  scopes: [],
  claims: {},
  authenticated_by: "none",
});
assert(view !== null, "the server's paths are concealed");

console.log(machineLine(describeMachine()));
console.log("text                    length     conceal p50    reveal p50   (ms)");
for (const { name, text } of TEXTS) {
  const shown = applyEdits(text, conceal(text, view, "paths"));
  const back = revealText(shown, view);
  assert(back.kind === "revealed" && applyEdits(shown, back.edits) === text, "it comes back");
  const rounds = text.length > 1000 ? 40 : 20_000;
  const there = milliseconds(rounds, () => conceal(text, view, "paths"));
  const again = milliseconds(rounds, () => revealText(shown, view));
  const figures = [there, again].map((value) => value.toFixed(4).padStart(14));
  console.log(`${name.padEnd(22)}${String(text.length).padStart(8)}${figures.join("")}`);
}

function milliseconds(rounds: number, work: () => unknown): number {
  const times: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const started = performance.now();
    work();
    times.push(performance.now() - started);
  }
  return quantile(
    times.sort((left, right) => left - right),
    0.5,
  );
}

function fill(part: (at: number) => string, length: number): string {
  const parts: string[] = [];
  let filled = 0;
  for (let at = 0; filled < length; at += 1) {
    const text = part(at);
    parts.push(text);
    filled += text.length;
  }
  return parts.join("").slice(0, length);
}
