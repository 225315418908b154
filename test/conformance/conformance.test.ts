import { readFile } from "node:fs/promises";

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { PII_KINDS } from "../../src/core/pii.ts";
import { type Gateway, startGateway } from "../support/gateway.ts";
import { startTestService, type TestService } from "../support/service.ts";
import { KNOWN } from "./known.ts";
import { decided, differences, runSuite, type Suite, unpassed } from "./suite.ts";
import { startTargetOfSdk1 } from "./target/sdk-1.ts";
import { startTargetOfSdk2 } from "./target/sdk-2.ts";
import type { Target } from "./target/serve.ts";

/** The suites, the target each is run against, and how many checks it makes at least. */
const RUNS: readonly (Suite & { readonly target: "sdk-1" | "sdk-2"; readonly atLeast: number })[] =
  [
    { package: "conformance-0.1", arguments: ["--suite", "all"], target: "sdk-1", atLeast: 44 },
    {
      package: "conformance-0.2",
      arguments: ["--requirements", "2025-11-25"],
      target: "sdk-1",
      atLeast: 84,
    },
    {
      package: "conformance-0.2",
      arguments: ["--requirements", "2025-11-25"],
      target: "sdk-2",
      atLeast: 84,
    },
    {
      package: "conformance-0.2",
      arguments: ["--requirements", "2026-07-28"],
      target: "sdk-2",
      atLeast: 190,
    },
  ];

const KEY_NAMES = ["password", "access_token"];

/** Each guard reads; nothing that the scenarios send is anybody's secret. */
const GUARDED = {
  guards: ["limits", "secrets", "pii", "marks"],
  pii: { enabled: true, kinds: PII_KINDS, denyKeys: KEY_NAMES },
  aliases: { mode: "on" },
} as const;

describe.each([
  { title: "as serve has it", settings: { annotate: false } },
  {
    title: "annotating and padding",
    settings: { annotate: true, padding: { kind: "constant", blockBytes: 512 } },
  },
] as const)("Impedance, $title", ({ settings }) => {
  let targets: { readonly [name in "sdk-1" | "sdk-2"]: Target };
  let service: TestService;
  let gateway: Gateway;

  beforeAll(async () => {
    targets = { "sdk-1": await startTargetOfSdk1(), "sdk-2": await startTargetOfSdk2() };
    const policy = await readFile(
      new URL("../../policies/allow-everything.yaml", import.meta.url),
      "utf8",
    );
    service = await startTestService({ policy, ...GUARDED, ...settings });
    gateway = await startGateway({
      upstreams: Object.entries(targets).map(([id, { url }]) => ({ id, url, path: `/${id}/mcp` })),
      service,
    });
  });

  afterAll(async () => {
    await gateway.stop();
    await service.stop();
    for (const target of Object.values(targets)) await target[Symbol.asyncDispose]();
  });

  test.each(RUNS)(
    "gives what $target gives direct: $package $arguments",
    { timeout: 120_000 },
    async ({ target, atLeast, ...suite }) => {
      const direct = await runSuite(suite, local(targets[target].url));
      const through = await runSuite(suite, local(gateway.url(`/${target}/mcp`)));

      expect(differences(direct, through)).toEqual([]);
      expect(decided(direct).length).toBeGreaterThanOrEqual(atLeast);
      const known = KNOWN[`${suite.package} ${suite.arguments.join(" ")} ${target}`] ?? [];
      expect(unpassed(direct)).toEqual(known);
      expect(service.faults).toEqual([]);
    },
  );
});

/** The suite wants this name of the loopback interface. */
function local(url: string): string {
  return url.replace("127.0.0.1", "localhost");
}
