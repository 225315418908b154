import type { Revision } from "../../core/message.ts";

/** What one protocol revision lays down, as far as reading and answering depends on it. */
export interface RevisionRules {
  readonly id: Revision;
  /** Whether every request stands for itself (`_meta` holds version and client), or a handshake. */
  readonly isStateless: boolean;
  /** JSON-RPC batches may be sent. */
  readonly hasBatches: boolean;
  /** `Mcp-Session-Id`, the GET stream and DELETE exist. */
  readonly hasSessions: boolean;
  /** The server sends requests on the stream, and the client posts responses. */
  readonly hasServerRequests: boolean;
  /** `resources/subscribe` and `resources/unsubscribe` exist. */
  readonly hasResourceSubscriptions: boolean;
  /** `Mcp-Method` and `Mcp-Name` are required, and must equal the body. */
  readonly headersMirrorBody: boolean;
  /** Results carry `resultType`. */
  readonly needsResultType: boolean;
  /** Results of lists and reads carry `ttlMs` and `cacheScope`. */
  readonly needsCacheHints: boolean;
  /** HTTP status of the error −32601. */
  readonly unknownMethodStatus: 200 | 404;
}
