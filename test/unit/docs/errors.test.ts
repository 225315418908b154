import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { describe, expect, test } from "vitest";

import { faultCodes } from "../../../src/decision/faults.ts";
import {
  RPC_DENIED,
  RPC_LIMITED,
  RPC_UNAVAILABLE,
  refusal,
  refusalCodes,
} from "../../../src/decision/refusals.ts";
import { authCodes, descriptionOf, isOurs } from "../../../src/identity/codes.ts";
import {
  batchTooLarge,
  headerMismatch,
  invalidParams,
  invalidRequest,
  protocolFaultOf,
  unknownId,
  unsupportedVersion,
} from "../../../src/mcp/message/fault.ts";
import { rowsOf } from "./tables.ts";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
const DENIED_STATUS = 403;
/** The protocol's own, of its newest revision. */
const UNKNOWN_METHOD = ["404", "-32601"];
/** RFC 6585 section 4 */
const LIMITED = ["429", String(RPC_LIMITED)];
/** Codes that are told by more than a 403. */
const TOLD: { readonly [code: string]: readonly string[] } = {
  unknown_method: UNKNOWN_METHOD,
  rate_limited: LIMITED,
  runaway_loop: LIMITED,
};

const page = readFileSync(join(ROOT, "docs/errors.md"), "utf8");

describe("docs/errors.md", () => {
  test("lists every refusal of the firewall's own, and no other", () => {
    const expected = refusalCodes().map((code) => {
      const { httpStatus, rpcCode, message, remedy } = refusal(code);
      return [`\`${code}\``, String(httpStatus), String(rpcCode), message, remedy];
    });
    expect(sorted(rowsOf(page, "The firewall's own"))).toEqual(sorted(expected));
  });

  test("lists every reason of the policy that ships, and no other", () => {
    const expected = policyReasons().map(({ code, message, remedy }) => [
      `\`${code}\``,
      ...(TOLD[code] ?? [String(DENIED_STATUS), String(RPC_DENIED)]),
      message,
      remedy,
    ]);
    expect(sorted(rowsOf(page, "The policy's"))).toEqual(sorted(expected));
  });

  test("lists every reason not to let a caller in, and no other", () => {
    const expected = authCodes().map((code) => [
      `\`${code}\``,
      isOurs(code) ? "503" : "401",
      descriptionOf(code),
    ]);
    expect(sorted(rowsOf(page, "Who is not let in"))).toEqual(sorted(expected));
  });

  test("lists every fault of the protocol, and no other", () => {
    const faults = [
      protocolFaultOf({ code: "syntax", offset: 0 }),
      protocolFaultOf({ code: "too_deep", offset: 0 }),
      invalidRequest(""),
      invalidParams(""),
      headerMismatch(""),
      unsupportedVersion("", "", []),
      batchTooLarge(),
      unknownId(),
    ];
    const expected = faults.map(({ code, httpStatus, rpcCode }) => [
      `\`${code}\``,
      String(httpStatus),
      String(rpcCode),
    ]);
    const rows = rowsOf(page, "The protocol's").map((row) => row.slice(0, 3));
    expect(sorted(rows)).toEqual(sorted(expected));
    // A code that no function above makes would be missing here.
    expect(faults.map(({ code }) => code).sort()).toEqual(faultCodes().sort());
  });

  test("names what Envoy itself answers when the firewall does not", () => {
    const bootstrap = readFileSync(join(ROOT, "envoy/bootstrap.yaml"), "utf8");
    const [row] = rowsOf(page, "Envoy's");
    expect(row?.slice(0, 3)).toEqual(["`firewall_unavailable`", "503", String(RPC_UNAVAILABLE)]);
    expect(bootstrap).toContain("code: firewall_unavailable");
    expect(bootstrap).toContain(`code: ${RPC_UNAVAILABLE}`);
    expect(bootstrap).toContain("status_on_error: { code: ServiceUnavailable }");
  });
});

interface PolicyReason {
  readonly code: string;
  readonly message: string;
  readonly remedy: string;
}

/** What the annotations of the Rego rules say: `description`, then `custom` with the rest. */
function policyReasons(): PolicyReason[] {
  const annotation =
    /# description: (?<message>.+)\n# custom:\n# {3}code: (?<code>\w+)\n(?:# {3}\w+: .+\n)*?# {3}remedy: (?<remedy>.+)\n/g;
  const found = regoFiles().flatMap((file) => [...readFileSync(file, "utf8").matchAll(annotation)]);
  const reasons = found.map(({ groups }) => ({
    code: groups?.code ?? "",
    message: groups?.message ?? "",
    remedy: groups?.remedy ?? "",
  }));
  const codes = regoFiles().flatMap(
    (file) => readFileSync(file, "utf8").match(/^# {3}code: /gm) ?? [],
  );
  expect(reasons).toHaveLength(codes.length);
  return reasons;
}

function regoFiles(): string[] {
  const folder = join(ROOT, "rego");
  const names = readdirSync(folder, { recursive: true, encoding: "utf8" });
  return names
    .filter((name) => name.endsWith(".rego") && !name.endsWith("_test.rego"))
    .map((name) => join(folder, name));
}

function sorted(rows: readonly (readonly string[])[]): readonly (readonly string[])[] {
  return [...rows].sort(([a = ""], [b = ""]) => a.localeCompare(b));
}
