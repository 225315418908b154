import { describe, expect, test } from "vitest";

import { decodeRequest } from "../../../src/envoy/process-codec.ts";
import type { ProcessingRequest } from "../../../src/envoy/protocol.ts";
import { decodeCheckHead, decodeRequestHead } from "../../../src/envoy/request-head.ts";
import { createAuthority } from "../../support/authority.ts";
import { loadProcess } from "../../support/external-processor.ts";
import { pieceOf } from "../../support/framed.ts";
import { headerMap, type WireRequest } from "../../support/processing-requests.ts";

const FILTER = "envoy.filters.http.ext_proc";
const Process = loadProcess();

function received(request: WireRequest): ProcessingRequest {
  return decodeRequest(pieceOf(Process.requestSerialize(request)));
}

function message(
  headers: { readonly [name: string]: string },
  attributes: { readonly [name: string]: string },
  { filter = FILTER, isMutual }: { filter?: string; isMutual?: boolean } = {},
  metadata_context: NonNullable<WireRequest["metadata_context"]> = {},
): ProcessingRequest {
  const texts = Object.entries(attributes).map(([name, stringValue]) => [name, { stringValue }]);
  const fields = {
    ...Object.fromEntries(texts),
    ...(isMutual !== undefined && { "connection.mtls": { boolValue: isMutual } }),
  };
  return received({
    request_headers: { headers: headerMap(headers) },
    attributes: { [filter]: { fields } },
    metadata_context,
  });
}

/** Of whom no more is told than the id. */
const MESH_AGENT = { uri: "spiffe://mesh/agent", dns: null, subject: null, fingerprint: null };

describe("decodeRequestHead", () => {
  test("takes who and where from Envoy's attributes, and all else from the headers", () => {
    const head = decodeRequestHead(
      message(
        { ":method": "POST", ":path": "/mcp?x=1", accept: "*/*", "x-request-id": "forged" },
        {
          "xds.route_name": "files",
          "source.address": "10.1.2.3:58878",
          "connection.uri_san_peer_certificate": "spiffe://mesh/agent",
          "request.id": "r-1",
        },
      ),
    );
    expect(head).toEqual({
      method: "POST",
      path: "/mcp?x=1",
      headers: new Map([
        [":method", "POST"],
        [":path", "/mcp?x=1"],
        ["accept", "*/*"],
        ["x-request-id", "forged"],
      ]),
      server: "files",
      source: { ip: "10.1.2.3", spiffe: "spiffe://mesh/agent", peer: MESH_AGENT },
      requestId: "r-1",
    });
  });

  test.each([
    { address: "127.0.0.1:58878", ip: "127.0.0.1" },
    { address: "[::1]:58878", ip: "::1" },
    { address: "[fe80::1%eth0]:1", ip: "fe80::1%eth0" },
    { address: "127.0.0.1", ip: "127.0.0.1" },
    { address: "", ip: null },
  ])("reads $address as $ip", ({ address, ip }) => {
    expect(decodeRequestHead(message({}, { "source.address": address })).source.ip).toBe(ip);
  });

  test.each([
    { title: "there are no attributes", head: decodeRequestHead(received({})) },
    { title: "they are empty", head: decodeRequestHead(message({}, { "xds.route_name": "" })) },
    {
      title: "another filter sent them",
      head: decodeRequestHead(message({}, { "xds.route_name": "files" }, { filter: "other" })),
    },
  ])("knows no server, source and id where $title", ({ head }) => {
    expect(head).toEqual({
      method: "",
      path: "",
      headers: new Map(),
      server: null,
      source: { ip: null, spiffe: null },
      requestId: null,
    });
  });

  test("has all of a certificate's names, and only where one was shown", () => {
    const attributes = {
      "connection.uri_san_peer_certificate": "https://agent.test/",
      "connection.dns_san_peer_certificate": "agent.test",
      "connection.subject_peer_certificate": "CN=agent",
      "connection.sha256_peer_certificate_digest": "ab12",
    };
    const shown = message({}, attributes);
    const peer = {
      uri: "https://agent.test/",
      dns: "agent.test",
      subject: "CN=agent",
      fingerprint: "ab12",
    };
    expect(decodeRequestHead(shown).source).toEqual({ ip: null, spiffe: null, peer });
    expect(decodeRequestHead(message({}, attributes, { isMutual: true })).source.peer).toEqual(
      peer,
    );
    expect(
      decodeRequestHead(message({}, attributes, { isMutual: false })).source.peer,
    ).toBeUndefined();
    const nobody = { uri: null, dns: null, subject: null, fingerprint: null };
    expect(decodeRequestHead(message({}, {}, { isMutual: true })).source.peer).toEqual(nobody);
  });

  test("has the claims that jwt_authn left, and those of no other filter", () => {
    const claims = {
      fields: {
        iss: { stringValue: "https://login.test" },
        exp: { numberValue: 5 },
        admin: { boolValue: false },
        nothing: {},
        roles: { listValue: { values: [{ stringValue: "a" }, {}] } },
        none: { listValue: {} },
        realm: { structValue: { fields: { name: { stringValue: "r" } } } },
      },
    };
    const fields = { jwt: { structValue: claims } };
    const from = (filter: string): ProcessingRequest =>
      message({}, {}, {}, { filter_metadata: { [filter]: { fields } } });
    expect(decodeRequestHead(from("envoy.filters.http.jwt_authn")).verified).toEqual({
      jwt: {
        iss: "https://login.test",
        exp: 5,
        admin: false,
        nothing: null,
        roles: ["a", null],
        none: [],
        realm: { name: "r" },
      },
    });
    expect(decodeRequestHead(from("envoy.filters.http.lua")).verified).toBeUndefined();
  });

  test("takes nothing of it from a header of the same name", () => {
    const head = decodeRequestHead(
      message({ "xds.route_name": "files", "source.address": "1.2.3.4:5", "request.id": "r" }, {}),
    );
    expect({ ...head, headers: null }).toEqual({
      method: "",
      path: "",
      headers: null,
      server: null,
      source: { ip: null, spiffe: null },
      requestId: null,
    });
  });
});

describe("decodeCheckHead", () => {
  test("takes the server from the route's own settings", () => {
    const head = decodeCheckHead({
      attributes: {
        source: {
          address: { socket_address: { address: "10.1.2.3" } },
          principal: "spiffe://mesh/agent",
        },
        request: {
          http: { id: "r-1", method: "POST", path: "/mcp", headers: { accept: "*/*" } },
        },
        context_extensions: { server: "files" },
      },
    });
    expect(head).toEqual({
      method: "POST",
      path: "/mcp",
      headers: new Map([["accept", "*/*"]]),
      server: "files",
      source: { ip: "10.1.2.3", spiffe: "spiffe://mesh/agent", peer: MESH_AGENT },
      requestId: "r-1",
    });
  });

  test("knows nothing of an empty request, and takes no other principal for SPIFFE's", () => {
    expect(decodeCheckHead({ attributes: { source: { principal: "CN=agent" } } })).toEqual({
      method: "",
      path: "",
      headers: new Map(),
      server: null,
      source: { ip: null, spiffe: null },
      requestId: null,
    });
  });

  test("reads a certificate that comes along, as Envoy writes it", () => {
    using authority = createAuthority();
    const names = ["DNS:agent.test", "URI:spiffe://mesh/agent"];
    const { cert, fingerprint } = authority.issue({ names, subject: "/O=Example/CN=agent" });
    const certificate = encodeURIComponent(cert);
    const head = decodeCheckHead({ attributes: { source: { certificate, principal: "x" } } });
    expect(head.source).toEqual({
      ip: null,
      spiffe: "spiffe://mesh/agent",
      peer: {
        uri: "spiffe://mesh/agent",
        dns: "agent.test",
        subject: "CN=agent,O=Example",
        fingerprint,
      },
    });
  });

  test.each(["%", "not a certificate", "-----BEGIN%20CERTIFICATE-----", "%00".repeat(30_000)])(
    "knows nobody by a certificate such as %.20s",
    (certificate) => {
      const source = { certificate, principal: "spiffe://mesh/admin" };
      expect(decodeCheckHead({ attributes: { source } }).source.peer).toBeUndefined();
    },
  );
});

describe("the trace of a request", () => {
  const OWN = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  const CLIENTS = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00";
  const own = { traceId: OWN.split("-")[1], spanId: "b7ad6b7169203331", isSampled: true };
  const clients = { traceId: CLIENTS.split("-")[1], spanId: "00f067aa0ba902b7", isSampled: false };

  test.each([
    { title: "Envoy's own span", header: CLIENTS, metadata: OWN, trace: own },
    { title: "the client's where Envoy has none", header: CLIENTS, metadata: "", trace: clients },
    { title: "the client's where Envoy's is none", header: CLIENTS, metadata: "x", trace: clients },
    { title: "nothing where there is none", header: "x", metadata: "", trace: undefined },
  ])("is $title", ({ header, metadata, trace }) => {
    const ofCheck = { attributes: { request: { http: { headers: { traceparent: header } } } } };
    expect(decodeRequestHead(message({ traceparent: header }, {}), metadata).trace).toEqual(trace);
    expect(decodeCheckHead(ofCheck, metadata).trace).toEqual(trace);
  });
});
