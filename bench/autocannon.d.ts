/** The part of autocannon that `bench/load.ts` uses; the package brings no types. */
declare module "autocannon" {
  import type { EventEmitter } from "node:events";

  export interface Options {
    readonly url: string;
    readonly method: "POST";
    readonly headers: { readonly [name: string]: string };
    readonly body: string;
    readonly connections: number;
    /** Seconds. */
    readonly duration: number;
    /** Requests a second, of all connections together; as many as go through if absent. */
    readonly overallRate?: number;
    /** An answer with any other body counts as a mismatch. */
    readonly expectBody: string;
  }

  export interface Result {
    readonly duration: number;
    readonly "2xx": number;
    readonly non2xx: number;
    readonly mismatches: number;
    readonly errors: number;
    readonly timeouts: number;
  }

  /** Emits `response` with (client, status, bytes, milliseconds). */
  export interface Instance extends EventEmitter, Promise<Result> {}

  function autocannon(options: Options): Instance;
  // biome-ignore lint/style/noDefaultExport: it is the package's own form.
  export default autocannon;
}
