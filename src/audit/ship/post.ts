import {
  Agent,
  type ClientRequest,
  type IncomingMessage,
  request as plainRequest,
} from "node:http";
import { Agent as TlsAgent, request as tlsRequest } from "node:https";
import { promisify } from "node:util";
import { constants, gzip } from "node:zlib";
import { codeOf } from "../sink.ts";
import { type Delivery, type TlsOptions, tlsSettings } from "./destination.ts";

export interface PostOptions {
  readonly url: URL;
  /** For `Authorization: Bearer …`; null for none. */
  readonly token: Uint8Array | null;
  readonly tls: TlsOptions;
  /** For one request, from the connection to the last byte of the answer. */
  readonly deadlineMs: number;
}

/** Sends JSON in gzip to one address, one request at a time. */
export interface Poster {
  /** Never rejects; null when `signal` came first. */
  post(body: string, signal: AbortSignal): Promise<Posted>;
  close(): void;
}

export type Posted =
  | {
      readonly kind: "answered";
      readonly status: number;
      readonly retryAfterMs: number | null;
      readonly body: string;
    }
  | { readonly kind: "failed"; readonly code: string };

const deflate = promisify(gzip);
const ANSWER_MAX_BYTES = 64 * 1024;
const SECOND_MS = 1_000;

export function createPoster(options: PostOptions): Poster {
  const isTls = options.url.protocol === "https:";
  const settings = { keepAlive: true, maxSockets: 1 };
  const agent = isTls
    ? new TlsAgent({ ...settings, ...tlsSettings(options.tls) })
    : new Agent(settings);
  const open = isTls ? tlsRequest : plainRequest;
  const bearer =
    options.token === null
      ? {}
      : { authorization: `Bearer ${Buffer.from(options.token).toString("latin1")}` };

  async function exchange(body: Uint8Array, signal: AbortSignal): Promise<Posted> {
    const request = open(options.url, {
      method: "POST",
      agent,
      signal,
      headers: {
        "content-type": "application/json",
        "content-encoding": "gzip",
        "content-length": body.length,
        "user-agent": "impedance",
        ...bearer,
      },
    });
    try {
      return await answerTo(request, body);
    } catch (error) {
      // The receiver has closed the connection that it was to be sent on: it has read nothing.
      if (request.reusedSocket && codeOf(error) === "ECONNRESET") return exchange(body, signal);
      throw error;
    }
  }

  return {
    async post(body, signal) {
      const deadline = AbortSignal.timeout(options.deadlineMs);
      try {
        const bytes = await deflate(body, { level: constants.Z_BEST_SPEED });
        return await exchange(bytes, AbortSignal.any([signal, deadline]));
      } catch (error) {
        return { kind: "failed", code: deadline.aborted ? "TIMEOUT" : codeOf(error) };
      }
    },
    close: () => agent.destroy(),
  };
}

/** Contents that will not be had; all else may be another matter in a while, a refused token too. */
const REFUSALS = new Set([400, 413, 422]);

/** What an answer that is no success means for the batch. */
export function failureOf(posted: Posted): Delivery {
  if (posted.kind === "failed") return { kind: "later", code: posted.code, afterMs: null };
  const code = `HTTP_${posted.status}`;
  if (REFUSALS.has(posted.status)) return { kind: "refused", code };
  return { kind: "later", code, afterMs: posted.retryAfterMs };
}

export function isSuccess({ status }: { readonly status: number }): boolean {
  return status >= 200 && status < 300;
}

function answerTo(request: ClientRequest, body: Uint8Array): Promise<Posted> {
  const outcome = Promise.withResolvers<Posted>();
  request.once("error", outcome.reject);
  request.once("response", (response) => {
    read(response).then(outcome.resolve, outcome.reject);
  });
  request.end(body);
  return outcome.promise;
}

async function read(response: IncomingMessage): Promise<Posted> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of response) {
    const bytes = Buffer.from(chunk);
    length += bytes.length;
    // Leaving the loop closes the connection.
    if (length > ANSWER_MAX_BYTES) break;
    chunks.push(bytes);
  }
  return {
    kind: "answered",
    status: response.statusCode ?? 0,
    retryAfterMs: retryAfter(response.headers["retry-after"]),
    body: length > ANSWER_MAX_BYTES ? "" : Buffer.concat(chunks).toString("utf8"),
  };
}

/** RFC 9110 section 10.2.3: seconds, or a date. */
export function retryAfter(header: string | undefined, now: number = Date.now()): number | null {
  if (header === undefined) return null;
  if (/^\d{1,9}$/.test(header)) return Number(header) * SECOND_MS;
  // `Date.parse` alone would take almost anything.
  const date = /^[A-Z][a-z]{2,8},? /.test(header) ? Date.parse(header) : Number.NaN;
  return Number.isNaN(date) ? null : Math.max(0, date - now);
}
