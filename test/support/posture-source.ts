import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { encode, type Members, type TestKey, tokenOf } from "./tokens.ts";

/** Somebody who knows more of a host, on a free port of this machine. */
export interface PostureServer extends AsyncDisposable {
  readonly url: string;
  readonly issuer: string;
  /** What each question's `Authorization` was. */
  readonly shown: (string | undefined)[];
  /** From now on it answers so. */
  answer: (response: ServerResponse) => void;
  /** What it publishes under /jwks. */
  keys: readonly TestKey[];
}

export async function startPostureServer(key: TestKey): Promise<PostureServer> {
  const server = createServer((request, response) => {
    if (request.url === "/jwks") {
      response.end(JSON.stringify({ keys: source.keys.map(({ jwk }) => jwk) }));
      return;
    }
    source.shown.push(request.headers.authorization);
    source.answer(response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const source: PostureServer = {
    url: `${issuer}/posture`,
    issuer,
    shown: [],
    answer: (response) => response.end(signedReport(key, issuer)),
    keys: [key],
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return source;
}

/** Signed JSON as it has to be, with what is different this time. */
export function signedReport(
  key: TestKey,
  issuer: string,
  different: { readonly claims?: Members; readonly header?: Members; readonly more?: Members } = {},
): string {
  const now = Math.floor(Date.now() / 1_000);
  const header = { alg: key.algorithm, kid: key.kid, typ: "posture+jwt", ...different.header };
  const posture = { host: { edr_running: true }, devices: { "laptop-1": { compliant: true } } };
  const claims = { iss: issuer, aud: "impedance", iat: now, exp: now + 300, posture };
  const token = tokenOf(key, header, { ...claims, ...different.claims });
  const [head, payload, signature] = token.split(".");
  return JSON.stringify({ protected: head, payload, signature, ...different.more });
}

/** The same claims under a header that says that nobody signed them. */
export function unsignedReport(issuer: string): string {
  const now = Math.floor(Date.now() / 1_000);
  const claims = { iss: issuer, aud: "impedance", iat: now, exp: now + 300, posture: {} };
  const head = encode({ alg: "none", typ: "posture+jwt" });
  return JSON.stringify({ protected: head, payload: encode(claims), signature: "AA" });
}
