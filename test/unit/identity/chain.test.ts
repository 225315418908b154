import { describe, expect, test } from "vitest";

import { type Credential, type IdentityMethod, NO_CREDENTIAL } from "../../../src/core/identity.ts";
import { createAnonymousIdentity } from "../../../src/identity/anonymous.ts";
import { createIdentityChain } from "../../../src/identity/chain.ts";
import { headOf } from "../../golden/data-path.ts";
import { rememberAttempts } from "../../support/authentication.ts";

function knows(name: string, credential: Partial<Credential> = {}): IdentityMethod {
  const principal = {
    id: name,
    kind: "user",
    roles: [],
    scopes: [],
    claims: {},
    authenticated_by: "jwt",
  } as const;
  const shown = { ...NO_CREDENTIAL, ...credential };
  return { name, identify: async () => ({ kind: "known", principal, credential: shown }) };
}

const REFUSES: IdentityMethod = {
  name: "bad",
  identify: async () => ({ kind: "refused", code: "bad", challenge: null }),
};
const SEES_NOTHING: IdentityMethod = { name: "nothing", identify: async () => null };

function identify(
  methods: readonly IdentityMethod[],
  anonymous = true,
  server: string | null = "files",
) {
  const telemetry = rememberAttempts();
  const chain = createIdentityChain(methods, {
    anonymous: createAnonymousIdentity(),
    isOpen: anonymous,
    challenge: () => "Bearer",
    telemetry,
  });
  return { identity: chain.identify(headOf({ server })), telemetry };
}

describe("a chain of methods", () => {
  test("takes the word of the first that knows the caller", async () => {
    const { identity, telemetry } = identify([SEES_NOTHING, knows("one"), knows("two")]);
    expect(await identity).toMatchObject({ kind: "known", principal: { id: "one" } });
    expect(telemetry.attempts).toMatchObject([{ method: "one", outcome: "accepted" }]);
  });

  test.each([
    { title: "before one that is good", methods: [REFUSES, knows("one")] },
    { title: "after one that is good", methods: [knows("one"), REFUSES] },
    { title: "alone, though the anonymous may come in", methods: [REFUSES] },
  ])("refuses what is no good $title", async ({ methods }) => {
    const { identity, telemetry } = identify(methods);
    expect(await identity).toMatchObject({ kind: "refused", code: "bad" });
    expect(telemetry.attempts).toMatchObject([{ method: "bad", outcome: "bad" }]);
  });

  test("lets those in who show nothing, if they may", async () => {
    expect(await identify([SEES_NOTHING]).identity).toMatchObject({
      principal: { id: "anonymous@files" },
    });
    expect(await identify([SEES_NOTHING], false).identity).toEqual({
      kind: "refused",
      code: "credential_missing",
      challenge: "Bearer",
    });
  });

  test.each([
    { title: "may", method: "OPTIONS", asks: true, kind: "known" },
    { title: "that asks for nothing may not", method: "OPTIONS", asks: false, kind: "refused" },
    { title: "about a session may not", method: "OPTIONS", asks: true, kind: "refused", id: "s-1" },
    { title: "of a page may not by another method", method: "POST", asks: true, kind: "refused" },
  ])("lets a browser ask for a page, which $title", async ({ method, asks, kind, id }) => {
    const chain = createIdentityChain([SEES_NOTHING], {
      anonymous: createAnonymousIdentity(),
      isOpen: false,
      challenge: () => null,
      telemetry: rememberAttempts(),
    });
    const named = id === undefined ? {} : { "mcp-session-id": id };
    const origin = { origin: "https://app.example.com", ...named };
    const headers = asks ? { ...origin, "access-control-request-method": "POST" } : origin;
    expect(await chain.identify({ ...headOf({ server: "files", headers }), method })).toMatchObject(
      {
        kind,
      },
    );
  });

  test("gives a credential that holds as long as all that was shown", async () => {
    let revoked = false;
    const { identity } = identify([
      knows("one", { expiresAtMs: 5 }),
      knows("two", { expiresAtMs: 3, session: "s", isRevoked: () => revoked }),
      knows("three"),
    ]);
    const known = await identity;
    expect(known).toMatchObject({ credential: { expiresAtMs: 3, session: "s" } });
    const isRevoked = () => known.kind === "known" && known.credential.isRevoked();
    expect(isRevoked()).toBe(false);
    revoked = true;
    expect(isRevoked()).toBe(true);
  });

  test("asks nobody about a request that belongs to no server", async () => {
    expect(await identify([knows("one")], true, null).identity).toEqual({
      kind: "refused",
      code: "server_unknown",
      challenge: null,
    });
  });
});
