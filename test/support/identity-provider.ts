import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import Provider, { type Configuration, errors } from "oidc-provider";

import type { TestKey } from "./tokens.ts";

/** A real OpenID provider on a free port of this machine. */
export interface IdentityProvider extends AsyncDisposable {
  readonly issuer: string;
  /** How often its keys were fetched. */
  readonly keyFetches: () => number;
  /** From now on it publishes these keys, and signs with the first. */
  rotate(keys: readonly TestKey[]): void;
  /** A token of a service, for a resource (RFC 6749 section 4.4, RFC 8707). */
  serviceToken(resource: string, scope: string): Promise<string>;
  /**
   * What a person does in a browser who is asked to log in and agrees to all: the address to which
   * they are sent at last.
   */
  agree(address: URL): Promise<URL>;
}

export interface IdentityProviderOptions {
  readonly keys: readonly TestKey[];
  /** Resources that tokens can be asked for. */
  readonly resources: (resource: string) => boolean;
  readonly redirectUri: string;
}

export const PUBLIC_CLIENT = "agent";
const SERVICE = { id: "batch", secret: ["not", "secret"].join("-") };
const SCOPES = "files:read files:write";

export async function startIdentityProvider(
  options: IdentityProviderOptions,
): Promise<IdentityProvider> {
  let handle: (request: IncomingMessage, response: ServerResponse) => void = () => undefined;
  let keyFetches = 0;
  const server = createServer((request, response) => {
    if (request.url?.startsWith("/jwks") === true) keyFetches++;
    handle(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  function rotate(keys: readonly TestKey[]): void {
    const provider = new Provider(issuer, configurationOf(keys, options));
    const callback = provider.callback();
    handle = (request, response) => {
      if (request.url?.startsWith("/interaction/") === true) {
        interact(provider, request, response).catch(() => response.destroy());
      } else void callback(request, response);
    };
  }
  rotate(options.keys);

  async function serviceToken(resource: string, scope: string): Promise<string> {
    const answer = await fetch(`${issuer}/token`, {
      method: "POST",
      headers: { authorization: `Basic ${btoa(`${SERVICE.id}:${SERVICE.secret}`)}` },
      body: new URLSearchParams({ grant_type: "client_credentials", resource, scope }),
    });
    const { access_token: token } = (await answer.json()) as { access_token?: string };
    if (token === undefined) throw new Error(`no token: HTTP ${answer.status}`);
    return token;
  }

  return {
    issuer,
    keyFetches: () => keyFetches,
    rotate,
    serviceToken,
    agree: (address) => follow(address, options.redirectUri),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function configurationOf(
  keys: readonly TestKey[],
  { resources, redirectUri }: IdentityProviderOptions,
): Configuration {
  const [first] = keys;
  const algorithm = first?.algorithm ?? "RS256";
  return {
    jwks: {
      keys: keys.map(({ privateKey, jwk }) => ({
        ...privateKey.export({ format: "jwk" }),
        ...jwk,
      })),
    } as NonNullable<Configuration["jwks"]>,
    cookies: { keys: ["test"] },
    clients: [
      {
        client_id: PUBLIC_CLIENT,
        token_endpoint_auth_method: "none",
        redirect_uris: [redirectUri],
        grant_types: ["authorization_code", "refresh_token"],
        response_types: ["code"],
      },
      {
        client_id: SERVICE.id,
        client_secret: SERVICE.secret,
        redirect_uris: [],
        response_types: [],
        grant_types: ["client_credentials"],
      },
    ],
    scopes: ["openid", "offline_access", ...SCOPES.split(" ")],
    pkce: { required: () => true },
    interactions: { url: (_, { uid }) => `/interaction/${uid}` },
    findAccount: (_, id) => ({ accountId: id, claims: async () => ({ sub: id }) }),
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        useGrantedResource: () => true,
        getResourceServerInfo: (_, resource) => {
          if (!resources(resource)) throw new errors.InvalidTarget();
          return {
            scope: SCOPES,
            audience: resource,
            accessTokenFormat: "jwt",
            accessTokenTTL: 300,
            jwt: { sign: { alg: algorithm as "RS256" } },
          };
        },
      },
    },
  };
}

/** Logs alice in, and agrees to whatever is asked for. */
async function interact(
  provider: Provider,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { prompt, params, session } = await provider.interactionDetails(request, response);
  if (prompt.name === "login") {
    await provider.interactionFinished(request, response, { login: { accountId: "alice" } });
    return;
  }
  const accountId = session?.accountId ?? "alice";
  const grant = new provider.Grant({ accountId, clientId: String(params.client_id) });
  grant.addOIDCScope("openid");
  const { missingOIDCScope = [], missingResourceScopes = {} } = prompt.details as {
    missingOIDCScope?: string[];
    missingResourceScopes?: { [resource: string]: string[] };
  };
  if (missingOIDCScope.length > 0) grant.addOIDCScope(missingOIDCScope.join(" "));
  for (const [resource, scopes] of Object.entries(missingResourceScopes)) {
    grant.addResourceScope(resource, scopes.join(" "));
  }
  const consent = { grantId: await grant.save() };
  await provider.interactionFinished(request, response, { consent });
}

const STEPS_MAX = 12;

/** A browser that follows redirects with its cookies until it is sent to `end`. */
async function follow(start: URL, end: string): Promise<URL> {
  const cookies = new Map<string, string>();
  let at = start;
  for (let step = 0; step < STEPS_MAX; step++) {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const answer = await fetch(at, { redirect: "manual", headers: { cookie } });
    for (const line of answer.headers.getSetCookie()) {
      const [name = "", value = ""] = line.split(";", 1).join("").split(/=(.*)/s);
      if (value === "") cookies.delete(name);
      else cookies.set(name, value);
    }
    const location = answer.headers.get("location");
    if (location === null) throw new Error(`HTTP ${answer.status}: ${await answer.text()}`);
    at = new URL(location, at);
    if (at.href.startsWith(end)) return at;
  }
  throw new Error("no end to the redirects");
}
