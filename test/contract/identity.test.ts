import { describe, expect, test } from "vitest";

import type { IdentityPort } from "../../src/core/identity.ts";
import { createAnonymousIdentity } from "../../src/identity/anonymous.ts";
import { headOf } from "../golden/data-path.ts";

/** What holds of every way to tell who is calling (src/core/identity.ts, `IdentityPort`). */
const subjects: readonly { readonly name: string; readonly identity: IdentityPort }[] = [
  { name: "anonymous", identity: createAnonymousIdentity() },
];

/** All that a client can write into a request. */
const CLAIMS = {
  authorization: "Bearer admin",
  cookie: "session=admin",
  "x-forwarded-for": "10.0.0.1",
  "x-forwarded-client-cert": "URI=spiffe://mesh/admin",
  "x-user": "admin",
  "mcp-session-id": "admin",
};

describe.each(subjects)("the identity $name", ({ identity }) => {
  test("knows who calls a server, and says how it was told", async () => {
    expect(await identity.identify(headOf({ server: "files" }))).toEqual({
      kind: "known",
      principal: {
        id: expect.stringMatching(/./),
        kind: expect.stringMatching(/^(user|service|anonymous)$/),
        roles: expect.any(Array),
        scopes: expect.any(Array),
        claims: expect.any(Object),
        authenticated_by: expect.stringMatching(/^(jwt|mtls|api_key|proxy|none)$/),
      },
      credential: expect.any(Object),
    });
  });

  test("refuses a request that belongs to no server, with a code", async () => {
    expect(await identity.identify(headOf({ server: null }))).toEqual({
      kind: "refused",
      code: expect.stringMatching(/^[a-z_]+$/),
      challenge: null,
    });
  });

  test("tells the same of the same request again", async () => {
    const head = headOf({ headers: CLAIMS });
    expect(await identity.identify(head)).toEqual(await identity.identify(head));
  });

  test("gives no role on the word of a client", async () => {
    const claimed = await identity.identify(headOf({ headers: CLAIMS }));
    expect(claimed.kind === "known" ? claimed.principal.roles : []).toEqual([]);
  });

  test("keeps callers of different servers apart", async () => {
    const ids = await Promise.all(
      ["files", "crm", "files@crm"].map(async (server) => {
        const identified = await identity.identify(headOf({ server }));
        return identified.kind === "known" ? identified.principal.id : "";
      }),
    );
    expect(new Set(ids).size).toBe(ids.length);
  });
});
