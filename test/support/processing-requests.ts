import type { ProcessingRequest } from "../../src/envoy/protocol.ts";
import { JSON_HEADERS } from "./messages.ts";

/** What Envoy says, as proto-loader takes it. */

export function requestHead(more: { readonly [name: string]: string } = {}): ProcessingRequest {
  const headers = headerMap({ ":method": "POST", ":path": "/mcp", ...JSON_HEADERS, ...more });
  return {
    request_headers: { headers, end_of_stream: false },
    protocol_config: { request_body_mode: 4, response_body_mode: 4 },
    attributes: {
      "envoy.filters.http.ext_proc": { fields: { "xds.route_name": { stringValue: "files" } } },
    },
  };
}

export function requestBody(body: string | Buffer, end_of_stream: boolean): ProcessingRequest {
  return { request_body: { body: Buffer.from(body), end_of_stream } };
}

export function headerMap(headers: { readonly [name: string]: string }) {
  const entries = Object.entries(headers);
  // It takes text for bytes as base64.
  return { headers: entries.map(([key, value]) => ({ key, raw_value: btoa(value) })) };
}
