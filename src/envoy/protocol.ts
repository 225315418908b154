import { fileURLToPath } from "node:url";
import { loadSync, type PackageDefinition, type ServiceDefinition } from "@grpc/proto-loader";
import type { Headers } from "../core/exchange.ts";

/**
 * Envoy's messages, read. Field names are those of the `.proto` files; bytes
 * are Buffers; what was not sent is absent, or null in what is read by hand.
 */
export interface StructValue {
  readonly stringValue?: string;
  readonly numberValue?: number;
  readonly boolValue?: boolean;
  readonly listValue?: { readonly values?: readonly StructValue[] };
  readonly structValue?: Struct;
}

export interface Struct {
  readonly fields?: { readonly [name: string]: StructValue };
}

/** What other filters left behind, by their names. */
export interface Metadata {
  readonly filter_metadata?: { readonly [filter: string]: Struct };
}

export interface HttpHeaders {
  readonly headers: Headers;
  readonly end_of_stream: boolean;
}

export interface HttpBody {
  readonly body: Uint8Array;
  readonly end_of_stream: boolean;
}

/** `envoy.service.ext_proc.v3.ProcessingRequest`: exactly one of the first six is present. */
export interface ProcessingRequest {
  readonly request_headers: HttpHeaders | null;
  readonly response_headers: HttpHeaders | null;
  readonly request_body: HttpBody | null;
  readonly response_body: HttpBody | null;
  /** Their names. */
  readonly request_trailers: readonly string[] | null;
  readonly response_trailers: readonly string[] | null;
  /** Those of the filter itself; null where it sent none. */
  readonly attributes: Attributes | null;
  /** What the filter `jwt_authn` left behind (`metadata_options.forwarding_namespaces`). */
  readonly verified: Struct | null;
  readonly observability_mode: boolean;
  /** Of `protocol_config`; 0 where there is none. */
  readonly request_body_mode: number;
  readonly response_body_mode: number;
}

/** What Envoy tells of an exchange (`request_attributes`), as far as it is read; null: not told. */
export interface Attributes {
  /** `xds.route_name` */
  readonly route: string | null;
  /** `source.address` */
  readonly address: string | null;
  /** `request.id` */
  readonly requestId: string | null;
  /** `connection.mtls` */
  readonly isMutual: boolean | null;
  /** `connection.uri_san_peer_certificate`, and so on. */
  readonly uri: string | null;
  readonly dns: string | null;
  readonly subject: string | null;
  readonly fingerprint: string | null;
}

/** Of ext_authz, which takes values as text. */
export interface HeaderValueOption {
  readonly header: { readonly key: string; readonly value: string };
  readonly append_action: number;
}

/** `envoy.service.auth.v3.CheckRequest`, as far as it is read. */
export interface CheckRequest {
  readonly attributes?: {
    readonly source?: {
      readonly address?: { readonly socket_address?: { readonly address?: string } };
      readonly principal?: string;
      /** URL-encoded PEM. */
      readonly certificate?: string;
    };
    readonly request?: {
      readonly http?: {
        readonly id?: string;
        readonly method?: string;
        readonly headers?: { readonly [name: string]: string };
        readonly path?: string;
        readonly body?: string;
        readonly raw_body?: Buffer;
      };
    };
    readonly context_extensions?: { readonly [name: string]: string };
    readonly metadata_context?: Metadata;
  };
}

export interface CheckResponse {
  readonly status: { readonly code: number };
  readonly denied_response?: {
    readonly status: { readonly code: number };
    readonly headers: readonly HeaderValueOption[];
    readonly body: string;
  };
  readonly ok_response?: {
    readonly headers: readonly HeaderValueOption[];
    readonly headers_to_remove: readonly string[];
  };
  readonly dynamic_metadata?: Struct;
}

const PROTO_FOLDER = fileURLToPath(new URL("../../proto", import.meta.url));

const FILES = ["envoy/service/auth/v3/external_auth.proto", "grpc/health/v1/health.proto"];

export interface Services {
  readonly authorization: ServiceDefinition;
  readonly health: ServiceDefinition;
}

/** Reads the `.proto` files that ship with the package. Throws when they are missing: a bad build. */
export function loadServices(): Services {
  const root = loadDefinitions(FILES);
  return {
    authorization: serviceAt(root, "envoy.service.auth.v3.Authorization"),
    health: serviceAt(root, "grpc.health.v1.Health"),
  };
}

/** Of `proto/`; messages as proto-loader gives them. */
export function loadDefinitions(files: readonly string[]): PackageDefinition {
  return loadSync([...files], {
    includeDirs: [PROTO_FOLDER],
    keepCase: true,
    longs: Number,
    enums: Number,
    oneofs: false,
  });
}

/** Throws when there is no such service. */
export function serviceAt(root: PackageDefinition, name: string): ServiceDefinition {
  const service = root[name];
  if (service === undefined || "format" in service)
    throw new Error(`proto/ has no service ${name}`);
  return service;
}
