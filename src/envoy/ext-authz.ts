import assert from "node:assert/strict";
import type { Firewall, Verdict } from "../core/exchange.ts";
import { type OneCall, reply, serveOne } from "./grpc-methods.ts";
import { GRPC } from "./grpc-status.ts";
import { encodeTextHeader } from "./headers.ts";
import type { CheckRequest, CheckResponse } from "./protocol.ts";
import { encodeMetadata } from "./replies.ts";
import { decodeCheckHead, TRACEPARENT } from "./request-head.ts";

type CheckCall = OneCall<CheckRequest, CheckResponse>;

/**
 * `envoy.service.auth.v3.Authorization/Check`: the same firewall for a mesh that has ext_authz
 * only. It sees no response and cannot change a body, so a request that would need cleaning is
 * denied. The filter needs `with_request_body` with `allow_partial_message: false` and
 * `pack_as_bytes: true`.
 */
export function createCheck(firewall: Firewall, onFault: (error: unknown, trace?: string) => void) {
  return (call: CheckCall): void => {
    const trace = call.metadata(TRACEPARENT);
    serveOne(call, (request) => {
      const answered = check(firewall, request, trace).then((response) => reply(call, response));
      answered.catch((error: unknown) => {
        // FAIL CLOSED: an error status makes Envoy answer `status_on_error`.
        call.fail(GRPC.INTERNAL, "internal");
        onFault(error, trace);
      });
    });
  };
}

async function check(
  firewall: Firewall,
  request: CheckRequest,
  trace: string | undefined,
): Promise<CheckResponse> {
  const http = request.attributes?.request?.http ?? {};
  // FAIL CLOSED: as text, invalid UTF-8 comes here repaired, and reaches the server as it was.
  assert(!http.body, "ext_authz has pack_as_bytes: true");
  const body = http.raw_body ?? Buffer.alloc(0);
  const head = decodeCheckHead(request, trace);
  const exchange = firewall.open(head);
  try {
    const headVerdict = await exchange.requestHead();
    if (headVerdict.kind === "deny") return encodeVerdict(headVerdict);
    const announced = head.headers.get("content-length");
    const partial = head.headers.get("x-envoy-auth-partial-body") === "true";
    // FAIL CLOSED: bytes that were not sent to us are bytes that nobody read.
    if (partial || (announced !== undefined && Number(announced) !== body.length)) {
      return encodeVerdict({ kind: "deny", denial: exchange.abort("request_too_large") });
    }
    const verdict = await exchange.request(body);
    if (verdict.kind === "forward" && mustChange(body, verdict.body)) {
      return encodeVerdict({ kind: "deny", denial: exchange.abort("needs_cleaning") });
    }
    return encodeVerdict(verdict);
  } finally {
    exchange.close();
  }
}

/**
 * FAIL CLOSED: a body goes on as it came, or not at all, be it a secret that was taken out or a
 * capability that the policy withdrew. Only the padding behind it is left out.
 */
function mustChange(sent: Uint8Array, cleaned: Uint8Array): boolean {
  return Buffer.compare(sent, cleaned.subarray(0, sent.length)) !== 0;
}

function encodeVerdict(verdict: Verdict): CheckResponse {
  if (verdict.kind === "deny") {
    const { denial } = verdict;
    return {
      status: { code: GRPC.PERMISSION_DENIED },
      denied_response: {
        status: { code: denial.status },
        headers: denial.headers.map(encodeTextHeader),
        body: Buffer.from(denial.body).toString("utf8"),
      },
      dynamic_metadata: encodeMetadata(denial.metadata),
    };
  }
  return {
    status: { code: GRPC.OK },
    ok_response: {
      headers: verdict.headers.set.map(encodeTextHeader),
      headers_to_remove: [...verdict.headers.remove],
    },
    ...(verdict.metadata === null ? {} : { dynamic_metadata: encodeMetadata(verdict.metadata) }),
  };
}
