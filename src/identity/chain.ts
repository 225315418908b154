import type { RequestHead } from "../core/exchange.ts";
import type {
  AuthAttempt,
  AuthTelemetry,
  Caller,
  Credential,
  Identity,
  IdentityMethod,
  IdentityPort,
} from "../core/identity.ts";
import { after, type Soon } from "../core/soon.ts";

export interface IdentityChainOptions {
  /** Of those that show nothing. */
  readonly anonymous: IdentityPort;
  /** Whether those that show nothing may come in. */
  readonly isOpen: boolean;
  /** The whole of `WWW-Authenticate` for those that showed nothing; null where there is none. */
  readonly challenge: (head: RequestHead) => string | null;
  readonly telemetry: AuthTelemetry;
}

/**
 * One identity out of all that a caller showed. Every method is asked, in order: what is shown and
 * no good is refused, whatever else was shown beside it, and never counts as anonymous. The first
 * method that knows the caller says who it is; the credential holds as long as all that was shown.
 */
export function createIdentityChain(
  methods: readonly IdentityMethod[],
  options: IdentityChainOptions,
): IdentityPort {
  const { anonymous, isOpen, challenge, telemetry } = options;

  function unshown(head: RequestHead): Soon<Identity> {
    if (isOpen || isPreflight(head)) return anonymous.identify(head);
    return { kind: "refused", code: "credential_missing", challenge: challenge(head) };
  }

  function answered(head: RequestHead): Soon<Answered> {
    if (head.server === null) return ["none", NO_SERVER];
    if (methods.length > 0) return shown(head);
    return after(unshown(head), (identity): Answered => ["none", identity]);
  }

  async function shown(head: RequestHead): Promise<Answered> {
    let first: readonly [string, Caller] | null = null;
    const credentials: Credential[] = [];
    for (const method of methods) {
      const identity = await method.identify(head);
      if (identity === null) continue;
      if (identity.kind === "refused") return [method.name, identity];
      first ??= [method.name, identity];
      credentials.push(identity.credential);
    }
    if (first === null) return ["none", await unshown(head)];
    const [name, { principal }] = first;
    return [name, { kind: "known", principal, credential: joint(credentials) }];
  }

  return {
    identify: (head) =>
      after(answered(head), ([name, identity]) => {
        const attempt = attemptOf(name, head);
        if (identity.kind === "refused") telemetry.refused(attempt, identity.code);
        else telemetry.accepted(attempt, identity.principal);
        return identity;
      }),
  };
}

/**
 * Browsers show nothing when they ask whether a page may ask (Fetch, "CORS-preflight request"): what
 * becomes of it, the policy decides. What names a session is no such question.
 */
function isPreflight({ method, headers }: RequestHead): boolean {
  const isAsking = headers.has("origin") && headers.has("access-control-request-method");
  return method === "OPTIONS" && isAsking && !headers.has("mcp-session-id");
}

/** By which method, and what of it. */
type Answered = readonly [method: string, Identity];

const NO_SERVER: Identity = { kind: "refused", code: "server_unknown", challenge: null };

/** Ends with the first of them, and is taken back with any. The first that has a session gives it. */
function joint(credentials: readonly Credential[]): Credential {
  const [only, ...others] = credentials;
  if (only !== undefined && others.length === 0) return only;
  const ends = credentials.map(({ expiresAtMs }) => expiresAtMs).filter((end) => end !== null);
  return {
    session: credentials.find(({ session }) => session !== null)?.session ?? null,
    expiresAtMs: ends.length === 0 ? null : Math.min(...ends),
    isRevoked: () => credentials.some((credential) => credential.isRevoked()),
  };
}

function attemptOf(method: string, { server, source, requestId }: RequestHead): AuthAttempt {
  return { method, server, source, requestId };
}
