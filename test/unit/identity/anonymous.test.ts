import { expect, test } from "vitest";

import type { RequestHead } from "../../../src/core/exchange.ts";
import { NO_CREDENTIAL } from "../../../src/core/identity.ts";
import { createAnonymousIdentity } from "../../../src/identity/anonymous.ts";

function head(server: string | null, headers: readonly [string, string][] = []): RequestHead {
  return {
    method: "POST",
    path: "/mcp",
    headers: new Map(headers),
    server,
    source: { ip: "10.0.0.1", spiffe: null },
    requestId: null,
  };
}

const identity = createAnonymousIdentity();

test("callers of one server are one principal, whatever they say of themselves", async () => {
  const principal = {
    id: "anonymous@files",
    kind: "anonymous",
    roles: [],
    scopes: [],
    claims: {},
    authenticated_by: "none",
  };
  const plain = await identity.identify(head("files"));
  const boasting = await identity.identify(head("files", [["authorization", "Bearer admin"]]));
  expect(plain).toEqual({ kind: "known", principal, credential: NO_CREDENTIAL });
  expect(boasting).toEqual(plain);
});

test("callers of another server are another principal", async () => {
  expect(await identity.identify(head("crm"))).toMatchObject({
    principal: { id: "anonymous@crm" },
  });
});

test("a request that belongs to no server is refused", async () => {
  expect(await identity.identify(head(null))).toEqual({
    kind: "refused",
    code: "server_unknown",
    challenge: null,
  });
});
