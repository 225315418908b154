import { describe, expect, test } from "vitest";

import { faultCodes, faultReason } from "../../../src/decision/faults.ts";
import {
  RPC_DENIED,
  RPC_TOO_LARGE,
  RPC_UNAUTHENTICATED,
  RPC_UNAVAILABLE,
  RPC_UPSTREAM,
  reasonOf,
  refusal,
  refusalCodes,
} from "../../../src/decision/refusals.ts";

/** JSON-RPC 2.0 section 5.1 reserves these; the protocol's own faults are told in them. */
const isReserved = (code: number): boolean => code >= -32768 && code <= -32000;
/** What MCP answers to a name that nobody knows. */
const INVALID_PARAMS = -32602;
const INVALID_REQUEST = -32600;

test("the codes of our own are apart from each other and outside what JSON-RPC reserves", () => {
  const own = [RPC_UNAVAILABLE, RPC_DENIED, RPC_UPSTREAM, RPC_TOO_LARGE, RPC_UNAUTHENTICATED];
  expect(new Set(own).size).toBe(own.length);
  expect(own.filter(isReserved)).toEqual([]);
});

describe.each(refusalCodes())("the refusal %s", (code) => {
  test("has a code of our own, or one that the protocol has for it", () => {
    const { rpcCode } = refusal(code);
    if (code === "unknown_name") expect(rpcCode).toBe(INVALID_PARAMS);
    else expect(isReserved(rpcCode) ? rpcCode : INVALID_REQUEST).toBe(INVALID_REQUEST);
  });

  test("has an error status of HTTP, and one that fits its code", () => {
    const { httpStatus, rpcCode } = refusal(code);
    expect(httpStatus).toBeGreaterThanOrEqual(400);
    expect(httpStatus).toBeLessThan(600);
    if (rpcCode === INVALID_REQUEST) expect(httpStatus).toBeLessThan(500);
    if (rpcCode === RPC_UPSTREAM) expect(httpStatus).toBe(502);
    expect(rpcCode === RPC_TOO_LARGE).toBe(httpStatus === 413);
    expect(rpcCode === RPC_UNAUTHENTICATED).toBe(httpStatus === 401);
  });

  test("is told in whole sentences, with what to do about it", () => {
    const { message, remedy } = refusal(code);
    expect(reasonOf(code)).toEqual({
      code,
      layer: "firewall",
      rule: `firewall/${code}`,
      message,
      remedy,
    });
    for (const sentence of [message, remedy]) expect(sentence).toMatch(/^[A-Z].*\.$/);
  });
});

describe.each(faultCodes())("the protocol's fault %s", (code) => {
  test("is told with its place, if it has one", () => {
    const plain = faultReason(code, "");
    expect(plain).toMatchObject({ code, layer: "firewall", rule: `firewall/${code}` });
    expect(plain.message).toMatch(/^[A-Z].*\w\.$/);
    expect(plain.remedy).toMatch(/^[A-Z].*\.$/);
    const placed = faultReason(code, "/params/name").message;
    expect(placed).toBe(`${plain.message.slice(0, -1)} (/params/name).`);
  });
});
