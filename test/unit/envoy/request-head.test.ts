import { describe, expect, test } from "vitest";

import type { ProcessingRequest } from "../../../src/envoy/protocol.ts";
import { decodeCheckHead, decodeRequestHead } from "../../../src/envoy/request-head.ts";

const FILTER = "envoy.filters.http.ext_proc";

function message(
  headers: { readonly [name: string]: string },
  attributes: { readonly [name: string]: string },
  filter = FILTER,
): ProcessingRequest {
  const list = Object.entries(headers).map(([key, value]) => ({
    key,
    raw_value: Buffer.from(value),
  }));
  const fields = Object.fromEntries(
    Object.entries(attributes).map(([name, stringValue]) => [name, { stringValue }]),
  );
  return { request_headers: { headers: { headers: list } }, attributes: { [filter]: { fields } } };
}

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
      source: { ip: "10.1.2.3", spiffe: "spiffe://mesh/agent" },
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
    { title: "there are no attributes", head: decodeRequestHead({}) },
    { title: "they are empty", head: decodeRequestHead(message({}, { "xds.route_name": "" })) },
    {
      title: "another filter sent them",
      head: decodeRequestHead(message({}, { "xds.route_name": "files" }, "other")),
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
      source: { ip: "10.1.2.3", spiffe: "spiffe://mesh/agent" },
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
});
