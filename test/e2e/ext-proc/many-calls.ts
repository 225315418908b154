/** Many calls at once, over as many connections as Envoy's streams on one make necessary. */

import { type ClientHttp2Session, connect } from "node:http2";
import type { Gateway } from "../../support/gateway.ts";
import { JSON_HEADERS } from "../../support/messages.ts";

export interface Answer {
  readonly status: number;
  readonly retryAfter: string | undefined;
  readonly body: string;
}

export interface Caller extends Disposable {
  post(message: object): Promise<Answer>;
}

/** Calls go over `sessions` connections in turn; Envoy takes no more than 256 on each. */
export function openCaller({ host, port }: Gateway, sessions: number): Caller {
  const all = Array.from({ length: sessions }, () => connect(`http://${host}:${port}`));
  let turn = 0;
  return {
    post(message) {
      turn = (turn + 1) % sessions;
      return post(all[turn] as ClientHttp2Session, message);
    },
    [Symbol.dispose]() {
      for (const session of all) session.destroy();
    },
  };
}

function post(session: ClientHttp2Session, message: object): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const stream = session.request({ ":method": "POST", ":path": "/mcp", ...JSON_HEADERS });
    let status = 0;
    let retryAfter: string | undefined;
    let body = "";
    stream.once("error", reject);
    stream.once("response", (headers) => {
      status = Number(headers[":status"]);
      retryAfter = headers["retry-after"];
    });
    stream.setEncoding("utf8").on("data", (text: string) => {
      body += text;
    });
    stream.once("end", () => resolve({ status, retryAfter, body }));
    stream.end(JSON.stringify(message));
  });
}
