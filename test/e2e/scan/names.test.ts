import { expect, test } from "vitest";
import { call } from "../../support/client.ts";
import { freePort, startGateway } from "../../support/gateway.ts";
import { toolCall, toolResult } from "../../support/messages.ts";
import { startNameServer, type ZoneAnswer } from "../../support/name-server.ts";
import { startServe } from "../../support/serve-process.ts";
import { startUpstream } from "../../support/upstream.ts";

const POLICY = `
policy_id: t
version: "1"
default: deny
allow_rules: [{ tool: "*" }]
detect_attacks: { enabled: true, on_detect: deny, fields: [url] }
`;

test("a URL whose name stands for an address inside is denied, and so is one that nobody can tell of", async () => {
  await using names = await startNameServer(
    new Map<string, ZoneAnswer>([
      ["inside.example", ["10.0.0.7"]],
      ["both.example", ["93.184.216.34", "fd00::7"]],
      ["public.example", ["93.184.216.34"]],
      ["late.example", "silent"],
    ]),
  );
  await using upstream = await startUpstream(({ json }) => json(toolResult(1, "fetched")));
  await using serve = await startServe({
    port: await freePort(),
    policy: POLICY,
    config: `attacks: { resolver: system, resolver_servers: ["${names.address}"], resolver_deadline_ms: 300 }\n`,
  });
  await using gateway = await startGateway({
    upstreams: [{ id: "web", url: upstream.url }],
    service: serve,
  });
  const fetched = async (args: { readonly [name: string]: string }) => {
    const target = { host: gateway.host, port: gateway.port };
    const { text } = await call(target, { path: "/mcp", body: toolCall(1, args, "fetch") });
    const told = JSON.parse(text);
    return told.error?.data.code ?? "passed";
  };
  expect(await fetched({ url: "https://public.example/a" })).toBe("passed");
  expect(await fetched({ url: "https://none.example/a" })).toBe("passed");
  expect(await fetched({ url: "https://inside.example/a" })).toBe("attack_detected");
  expect(await fetched({ url: "https://both.example/a" })).toBe("attack_detected");
  expect(await fetched({ url: "https://late.example/a" })).toBe("attack_detected");
  // A question without an answer is asked once more, whenever that is.
  const asked = () => names.asked.filter((name) => !name.startsWith("late"));
  const before = asked();
  expect(await fetched({ note: "see https://other.example/ there" })).toBe("passed");
  expect(await fetched({ url: "https://inside.example/b" })).toBe("attack_detected");
  expect(asked()).toEqual(before);
});
