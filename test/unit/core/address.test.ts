import { expect, test } from "vitest";

import { decodeAddress, decodeEndpoint, encodeAddress } from "../../../src/core/address.ts";

test.each([
  { text: "127.0.0.1:8070", address: { host: "127.0.0.1", port: 8070 } },
  { text: "[::1]:0", address: { host: "::1", port: 0 } },
  { text: "filter_1.mesh:65535", address: { host: "filter_1.mesh", port: 65_535 } },
])("decodeAddress reads $text, and encodeAddress writes it again", ({ text, address }) => {
  expect(decodeAddress(text)).toEqual(address);
  expect(encodeAddress(address)).toBe(text);
});

test.each([
  "",
  ":1",
  "h",
  "h:",
  "h:65536",
  "h:1x",
  "::1:80",
  "[h]:1",
  "h:-1",
  "u@h:1",
  "h :1",
  "[127.0.0.1]:1",
  "[::1::2]:1",
])("decodeAddress refuses “%s”", (text) => {
  expect(decodeAddress(text)).toBeNull();
});

test.each([
  { text: "h:1", endpoint: { kind: "tcp", host: "h", port: 1 } },
  { text: "unix:/run/a.sock", endpoint: { kind: "unix", path: "/run/a.sock" } },
  { text: "unix", endpoint: null },
])("decodeEndpoint reads $text as $endpoint", ({ text, endpoint }) => {
  expect(decodeEndpoint(text)).toEqual(endpoint);
});
