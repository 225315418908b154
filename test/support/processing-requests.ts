import type { Struct } from "../../src/envoy/protocol.ts";
import { JSON_HEADERS } from "./messages.ts";

/** What Envoy says and hears, as proto-loader takes and gives it. */

interface HeaderValue {
  readonly key?: string;
  readonly value?: string;
  /** Bytes, or base64 of them. */
  readonly raw_value?: string | Buffer;
}

interface HeaderMap {
  readonly headers?: readonly HeaderValue[];
}

interface HttpHeaders {
  readonly headers?: HeaderMap;
  readonly end_of_stream?: boolean;
}

interface HttpBody {
  readonly body?: Buffer;
  readonly end_of_stream?: boolean;
}

/** `envoy.service.ext_proc.v3.ProcessingRequest`: exactly one of the six is present. */
export interface WireRequest {
  readonly request_headers?: HttpHeaders;
  readonly response_headers?: HttpHeaders;
  readonly request_body?: HttpBody;
  readonly response_body?: HttpBody;
  readonly request_trailers?: { readonly trailers?: HeaderMap };
  readonly response_trailers?: { readonly trailers?: HeaderMap };
  readonly attributes?: { readonly [filter: string]: Struct };
  readonly metadata_context?: { readonly filter_metadata?: { readonly [filter: string]: Struct } };
  readonly observability_mode?: boolean;
  readonly protocol_config?: {
    readonly request_body_mode?: number;
    readonly response_body_mode?: number;
  };
}

interface HeaderValueOption {
  readonly header:
    | { readonly key: string; readonly raw_value: Buffer }
    | { readonly key: string; readonly value: string };
  readonly append_action: number;
}

interface WireHeaderMutation {
  readonly set_headers: readonly HeaderValueOption[];
  readonly remove_headers: readonly string[];
}

interface HeadersResponse {
  readonly response: { readonly header_mutation?: WireHeaderMutation };
}

interface BodyResponse {
  readonly response: {
    readonly body_mutation: {
      readonly streamed_response: { readonly body: Uint8Array; readonly end_of_stream: boolean };
    };
  };
}

/** `envoy.service.ext_proc.v3.ProcessingResponse`: exactly one of the first seven is present. */
export interface WireResponse {
  readonly request_headers?: HeadersResponse;
  readonly response_headers?: HeadersResponse;
  readonly request_body?: BodyResponse;
  readonly response_body?: BodyResponse;
  readonly request_trailers?: { readonly header_mutation: WireHeaderMutation };
  readonly response_trailers?: { readonly header_mutation: WireHeaderMutation };
  readonly immediate_response?: {
    readonly status: { readonly code: number };
    readonly headers: WireHeaderMutation;
    readonly body: Uint8Array;
    readonly details: string;
  };
  readonly dynamic_metadata?: Struct;
}

export function requestHead(more: { readonly [name: string]: string } = {}): WireRequest {
  const headers = headerMap({ ":method": "POST", ":path": "/mcp", ...JSON_HEADERS, ...more });
  return {
    request_headers: { headers, end_of_stream: false },
    protocol_config: { request_body_mode: 4, response_body_mode: 4 },
    attributes: {
      "envoy.filters.http.ext_proc": { fields: { "xds.route_name": { stringValue: "files" } } },
    },
  };
}

export function requestBody(body: string | Buffer, end_of_stream: boolean): WireRequest {
  return { request_body: { body: Buffer.from(body), end_of_stream } };
}

export function headerMap(headers: { readonly [name: string]: string }) {
  const entries = Object.entries(headers);
  // It takes text for bytes as base64.
  return { headers: entries.map(([key, value]) => ({ key, raw_value: btoa(value) })) };
}
