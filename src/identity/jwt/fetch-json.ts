import { request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";

import { isTrustworthyUrl } from "../../core/address.ts";

export interface JsonRequest {
  readonly url: string;
  /** For the whole of it. */
  readonly timeoutMs: number;
  readonly maxBytes: number;
  /** Certificates that vouch for the server, in PEM; null: those that Node knows. */
  readonly ca: string | null;
  /** Sent as a bearer token; null for none. */
  readonly token: string | null;
}

/**
 * The JSON at an address, which has to answer 200 itself: a redirect is not followed. Rejects with
 * an error that says what went wrong, and nothing of what was sent. Only https, or this machine.
 */
export function fetchJson({ url, timeoutMs, maxBytes, ca, token }: JsonRequest): Promise<unknown> {
  // What is fetched decides who may come in: nobody on the way may change it.
  if (!isTrustworthyUrl(url)) return Promise.reject(new Error("neither https nor this machine"));
  const secure = url.startsWith("https:");
  const headers = {
    accept: "application/json, application/jwk-set+json",
    ...(token === null ? {} : { authorization: `Bearer ${token}` }),
  };
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(timeoutMs);
    const options = { headers, signal, agent: false, ...(ca === null || !secure ? {} : { ca }) };
    const request = (secure ? requestHttps : requestHttp)(url, options, (response) => {
      if (response.statusCode !== 200) {
        response.destroy();
        reject(new Error(`answers HTTP ${response.statusCode}`));
        return;
      }
      const chunks: Buffer[] = [];
      let length = 0;
      response.on("data", (chunk: Buffer) => {
        length += chunk.length;
        if (length <= maxBytes) chunks.push(chunk);
        else response.destroy(new Error("answers with too much"));
      });
      response.on("error", reject);
      response.on("end", () => {
        try {
          resolve(JSON.parse(Buffer.concat(chunks).toString("utf8")));
        } catch {
          reject(new Error("answers with what is no JSON"));
        }
      });
    });
    request.on("error", reject);
    request.end();
  });
}
