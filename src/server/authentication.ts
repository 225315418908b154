import type { CallerHeader, Config, ServerConfig } from "../config/config.ts";
import { encodeAddress } from "../core/address.ts";
import { type AuthTelemetry, NO_GATEKEEPER } from "../core/identity.ts";
import type { Clock } from "../core/ports.ts";
import { createAnonymousIdentity } from "../identity/anonymous.ts";
import { createAuthentication } from "../identity/authentication.ts";
import { canReadKeys } from "../identity/jwt/key-source.ts";
import type { ReplayMemory } from "../identity/jwt/replays.ts";
import { canReadRevocations } from "../identity/revocations.ts";
import {
  createUpstreamCredentials,
  type UpstreamAccess,
} from "../identity/upstream-credentials.ts";
import type { Dependencies } from "../pipeline/dependencies.ts";

export interface AuthenticationWiring {
  readonly clock: Clock;
  /** Absent where nobody listens. */
  readonly authTelemetry?: AuthTelemetry;
  /** Hears why an issuer's keys could not be had. */
  readonly onKeysMissing?: (issuer: string, reason: string) => void;
  /** Absent: what was used is remembered in this process. */
  readonly replays?: ReplayMemory | null;
}

/** Where nobody listens. */
export const SILENT: AuthTelemetry = { accepted() {}, refused() {} };

/** Who may come in, what they are told, and what goes on of what they showed. */
export function authenticationOf(
  config: Config,
  { clock, authTelemetry = SILENT, onKeysMissing = () => {}, replays = null }: AuthenticationWiring,
): Pick<Dependencies, "identity" | "gatekeeper" | "upstream"> {
  const { authentication: settings } = config;
  const upstream = createUpstreamCredentials(accessesOf(config), clock);
  if (!asksWhoCalls(config)) {
    return { identity: createAnonymousIdentity(), gatekeeper: NO_GATEKEEPER, upstream };
  }
  const authentication = createAuthentication({
    settings,
    publicUrl: settings.publicUrl ?? `http://${encodeAddress(config.listen)}`,
    servers: [...config.servers.values()],
    clock,
    telemetry: authTelemetry,
    onKeysMissing,
    methods: [],
    replays,
  });
  return { ...authentication, upstream };
}

/**
 * What of the files that decide who may come in cannot be used: a sentence each. Where keys are
 * fetched from, nobody is asked before the first token comes.
 */
export function missingForAuthentication({ authentication }: Config): readonly string[] {
  const { revocationFile, tokens } = authentication;
  const faults: string[] = [];
  if (revocationFile !== null && !canReadRevocations(revocationFile)) {
    faults.push(`${revocationFile}: the list of what was revoked cannot be read`);
  }
  for (const { name, keys } of tokens?.issuers ?? []) {
    if (keys.kind === "file" && !canReadKeys(keys.path)) {
      faults.push(`${keys.path}: the keys of the issuer ${name} cannot be read`);
    }
  }
  return faults;
}

/** Whether there is any way to show who one is. */
export function asksWhoCalls({ authentication }: Pick<Config, "authentication">): boolean {
  const { tokens, apiKeys, mtls, proxyToken } = authentication;
  return [tokens, apiKeys, mtls, proxyToken].some((method) => method !== null);
}

const CALLER_HEADERS: readonly CallerHeader[] = ["authorization", "cookie"];

/** Of each server that the configuration names, and of all others: worked out once. */
function accessesOf(config: Config): (server: string) => UpstreamAccess {
  const named = new Map<string, UpstreamAccess>();
  for (const [server, own] of config.servers) named.set(server, accessOf(config, own));
  const other = accessOf(config, undefined);
  return (server) => named.get(server) ?? other;
}

/** Where nobody authenticates here, what callers show is for the server, and goes on. */
function accessOf(config: Config, server: ServerConfig | undefined): UpstreamAccess {
  const { forwardCredentials = null, upstreamCredentials = null } = server ?? {};
  const asks = asksWhoCalls(config);
  const forwarded = forwardCredentials ?? (asks ? [] : CALLER_HEADERS);
  const withheld = CALLER_HEADERS.filter((name) => !forwarded.includes(name));
  const { apiKeys } = config.authentication;
  const ours = [...(apiKeys === null ? [] : [apiKeys.header]), ...(asks ? PROXY_HEADERS : [])];
  return { withheld: [...withheld, ...ours, ...HOP_HEADERS], own: upstreamCredentials };
}

/** Between proxies, and to be believed by nobody who is none: no server is to see it from us. */
const HOP_HEADERS = ["x-forwarded-client-cert"];

/** RFC 9110 section 11.7: for the next proxy, which is this one. */
const PROXY_HEADERS = ["proxy-authorization"];
