import type { Json } from "./policy.ts";

/** What an operator asked for. */
export interface AdminRequest {
  /** What stands in the place of the path's final `*`, decoded; empty where it has none. */
  readonly rest: string;
  readonly query: URLSearchParams;
  /** At most 64 KiB; empty where there is none. */
  readonly body: Uint8Array;
}

export interface AdminReply {
  readonly status: number;
  readonly body: Json;
}

/**
 * One thing that operators can ask for over the admin port, beside `/health`, `/ready` and
 * `/metrics`. Who asks, and that no web page does, was checked before `handle` is called; an answer
 * that takes longer than five seconds is given up.
 */
export interface AdminRoute {
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  /** `/approvals`; or `/approvals/*`, where the star is one segment that is not empty. */
  readonly path: string;
  /**
   * Only for those who show the admin token; where none is configured, for nobody. Without this it
   * is as `/metrics`: for everybody who reaches the port, unless a token is configured.
   */
  readonly needsToken: boolean;
  handle(request: AdminRequest): Promise<AdminReply>;
}
