import type { AuthenticationSettings, IssuerSettings } from "../core/authentication.ts";
import type { AuthTelemetry, Gatekeeper, IdentityMethod, IdentityPort } from "../core/identity.ts";
import type { Clock } from "../core/ports.ts";
import { createAnonymousIdentity } from "./anonymous.ts";
import { createApiKeyMethod } from "./api-key/api-key-method.ts";
import { createIdentityChain } from "./chain.ts";
import { createChallenger } from "./challenge.ts";
import { createKeyRing } from "./jwt/key-ring.ts";
import { createKeySource } from "./jwt/key-source.ts";
import { createReplayMemory, type ReplayMemory } from "./jwt/replays.ts";
import { createTokenMethod } from "./jwt/token-method.ts";
import type { TrustedIssuer } from "./jwt/verify.ts";
import { createMtlsMethod } from "./mtls/mtls-method.ts";
import {
  createProxyTokenMethod,
  type ProxyTokenMethodOptions,
} from "./proxy/proxy-token-method.ts";
import { createResources, type Reachable } from "./resource-metadata.ts";
import { createRevocations, NO_REVOCATIONS } from "./revocations.ts";

/** Who may come in, and what those are told who may not. */
export interface Authentication {
  readonly identity: IdentityPort;
  readonly gatekeeper: Gatekeeper;
}

export interface AuthenticationParts {
  readonly settings: AuthenticationSettings;
  /** Where clients reach the gateway: scheme and host. */
  readonly publicUrl: string;
  readonly servers: readonly Reachable[];
  readonly clock: Clock;
  readonly telemetry: AuthTelemetry;
  /** Hears why an issuer's keys could not be had; `issuer` is its name. */
  readonly onKeysMissing: (issuer: string, reason: string) => void;
  /** Ways to show who one is beside those of the settings, asked after them. */
  readonly methods: readonly IdentityMethod[];
  /** Null: what was used is remembered in this process. */
  readonly replays?: ReplayMemory | null;
}

/** All methods that the configuration names, in the order in which they say who a caller is. */
export function createAuthentication(parts: AuthenticationParts): Authentication {
  const { settings, clock, telemetry } = parts;
  const resources = createResources(settings, parts.publicUrl, parts.servers);
  const challenger = createChallenger(settings, resources);
  const { tokens, apiKeys, revocationFile } = settings;
  const revocations =
    revocationFile === null ? NO_REVOCATIONS : createRevocations(revocationFile, clock);
  const shared = { revocations, challenger, clock };

  const methods: IdentityMethod[] = [];
  if (tokens !== null) {
    const issuers = tokens.issuers.map((issuer) => trust(issuer, parts));
    const { resourceOf } = resources;
    const replays = parts.replays ?? createReplayMemory({ clock });
    methods.push(createTokenMethod({ settings: tokens, issuers, replays, resourceOf, ...shared }));
  }
  if (apiKeys !== null) methods.push(createApiKeyMethod({ settings: apiKeys, ...shared }));
  methods.push(...proxyMethods(settings, shared), ...parts.methods);

  const identity = createIdentityChain(methods, {
    anonymous: createAnonymousIdentity(),
    isOpen: settings.anonymous,
    challenge: challenger.missing,
    telemetry,
  });
  return { identity, gatekeeper: { answer: resources.answer, stepUp: challenger.stepUp } };
}

/** Ways to show to the proxy who one is: what it says of them, no client can write. */
function proxyMethods(
  { mtls, proxyToken }: AuthenticationSettings,
  shared: Omit<ProxyTokenMethodOptions, "settings">,
): readonly IdentityMethod[] {
  return [
    ...(proxyToken === null ? [] : [createProxyTokenMethod({ settings: proxyToken, ...shared })]),
    ...(mtls === null ? [] : [createMtlsMethod({ settings: mtls, ...shared })]),
  ];
}

function trust(settings: IssuerSettings, parts: AuthenticationParts): TrustedIssuer {
  const ring = createKeyRing({
    source: createKeySource(settings),
    maxAgeMs: settings.keysMaxAgeMs,
    cooldownMs: settings.keysCooldownMs,
    clock: parts.clock,
    onFailure: (reason) => parts.onKeysMissing(settings.name, reason),
  });
  return { settings, ring };
}
