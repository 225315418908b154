import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

import type { Config } from "../../src/config/config.ts";
import type { DecisionEvent } from "../../src/core/audit.ts";
import type {
  Exchange,
  Forward,
  HeaderMutation,
  HttpDenial,
  ProxyMetadata,
} from "../../src/core/exchange.ts";
import type { Limits } from "../../src/core/limits.ts";
import type { Obligations, PolicyDecision, PolicyInput, Reason } from "../../src/core/policy.ts";
import { SECRET } from "../support/messages.ts";
import { answerHead, createDataPath, headOf, JSON_POST, STILL_CLOCK } from "./data-path.ts";

/**
 * Pairs `<case>.in.json` → `<case>.out.json`: what a client and a server send, and what the other
 * side gets of it. The outputs are the specification of design.md §7. `UPDATE_GOLDEN=1` writes
 * them anew: read the difference before you keep it.
 */
const CASES = fileURLToPath(new URL("cases", import.meta.url));
const IS_UPDATE = process.env.UPDATE_GOLDEN === "1";

/** Bodies come as JSON, or as `text` where the bytes themselves matter. */
interface Body {
  readonly json?: unknown;
  readonly text?: string;
}

interface GoldenInput {
  /** A sentence: the title of the test. */
  readonly about: string;
  /** A portable policy, line by line; null for none. */
  readonly policy?: readonly string[] | null;
  readonly denial?: Config["denial"];
  readonly disclose?: Config["disclose"];
  readonly annotate?: boolean;
  readonly limits?: Partial<Limits>;
  /** What the policy says in the phase named, in place of its own. */
  readonly overrule?: {
    readonly [phase in PolicyInput["phase"]]?: {
      readonly allow?: boolean;
      readonly reasons?: readonly Reason[];
      readonly obligations?: Partial<Obligations>;
    };
  };
  readonly request: Body & {
    readonly method?: string;
    readonly path?: string;
    readonly headers?: { readonly [name: string]: string };
    readonly server?: string | null;
  };
  readonly response?: Body & {
    readonly status: number;
    readonly headers?: { readonly [name: string]: string };
    /** Of a stream, chunk by chunk; the stream ends behind the last one. */
    readonly chunks?: readonly string[];
  };
}

const names = readdirSync(CASES, { recursive: true, encoding: "utf8" })
  .filter((path) => path.endsWith(".in.json"))
  .map((path) => path.slice(0, -".in.json".length))
  .sort();

test("each golden output has its input", () => {
  const outputs = readdirSync(CASES, { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".out.json"))
    .map((path) => path.slice(0, -".out.json".length));
  expect(outputs.sort()).toEqual(names);
});

const cases = names.map((name) => ({ name, input: readInput(name) }));

test.each(cases)("$name: $input.about", async ({ name, input }) => {
  const output = await outcomeOf(input);
  const text = `${JSON.stringify(output, null, 2)}\n`;
  expect(text).not.toContain(SECRET);
  const file = join(CASES, `${name}.out.json`);
  if (IS_UPDATE) writeFileSync(file, text);
  expect(output).toEqual(JSON.parse(readFileSync(file, "utf8")));
});

/** `{{SECRET}}` stands for a secret, so that no scanner takes these files for a leak. */
function readInput(name: string): GoldenInput {
  const text = readFileSync(join(CASES, `${name}.in.json`), "utf8");
  const filled = text
    .replaceAll("{{SECRET}}", SECRET)
    .replaceAll("{{SECRET_TAIL}}", SECRET.slice(4));
  const input: unknown = JSON.parse(filled);
  if (typeof input !== "object" || input === null || !("request" in input)) {
    throw new Error(`${basename(name)} has no request`);
  }
  return input as GoldenInput;
}

async function outcomeOf(input: GoldenInput): Promise<object> {
  const { policy, denial, disclose, annotate, limits, overrule } = input;
  const path = await createDataPath({
    ...(policy === undefined ? {} : { policy: policy?.join("\n") ?? null }),
    ...(denial === undefined ? {} : { denial }),
    ...(disclose === undefined ? {} : { disclose }),
    ...(annotate === undefined ? {} : { annotate }),
    ...(limits === undefined ? {} : { limits }),
    ...(overrule === undefined ? {} : { decide: (real, at) => overruled(real, at, overrule) }),
  });
  const { method = "POST", headers = method === "POST" ? JSON_POST : {} } = input.request;
  const exchange = path.firewall.open(headOf({ ...input.request, headers }));
  const request = await requestOf(exchange, bodyOf(input.request));
  const response = request.toServer === undefined ? {} : await responseOf(exchange, input);
  exchange.close();
  const outcome = { ...request, ...response, log: path.decisions.map(lineOf) };
  return JSON.parse(JSON.stringify(outcome).replaceAll(path.revision, "sha256:<revision>"));
}

function overruled(
  decision: PolicyDecision,
  { phase }: PolicyInput,
  overrule: NonNullable<GoldenInput["overrule"]>,
): PolicyDecision {
  const other = overrule[phase];
  if (other === undefined) return decision;
  return { ...decision, ...other, obligations: { ...decision.obligations, ...other.obligations } };
}

/** In the order in which a proxy adapter asks. */
async function requestOf(exchange: Exchange, body: Buffer) {
  const head = await exchange.requestHead();
  if (head.kind === "deny") return { toClient: describeDenial(head.denial) };
  if (body.length > head.maxBytes) {
    return { toClient: describeDenial(exchange.abort("request_too_large")) };
  }
  const verdict = await exchange.request(body);
  if (verdict.kind === "deny") return { toClient: describeDenial(verdict.denial) };
  return { toServer: describeForward(verdict, body) };
}

async function responseOf(exchange: Exchange, { response }: GoldenInput) {
  if (response === undefined) return {};
  const { status, headers, chunks } = response;
  const plan = exchange.responseHead(answerHead(status, headers));
  if (plan.kind === "deny") return { toClient: describeDenial(plan.denial) };
  if (plan.kind === "collect") {
    const body = bodyOf(response);
    const verdict =
      body.length > plan.maxBytes
        ? ({ kind: "deny", denial: exchange.abort("response_too_large") } as const)
        : await exchange.response(body);
    if (verdict.kind === "deny") return { toClient: describeDenial(verdict.denial) };
    return { toClient: { status, ...describeForward(verdict, body) } };
  }
  const stream: string[] = [];
  for (const [index, chunk] of (chunks ?? []).entries()) {
    const last = index + 1 === chunks?.length;
    const output = await exchange.streamChunk(Buffer.from(chunk), last);
    stream.push(Buffer.from(output.bytes).toString("utf8"));
    if (output.end) stream.push("END");
    if (output.end) break;
  }
  return { toClient: { status, ...describeHeaders(plan.headers), stream } };
}

function bodyOf({ json, text }: Body): Buffer {
  return Buffer.from(text ?? (json === undefined ? "" : JSON.stringify(json)));
}

function describeForward({ headers, body, metadata }: Forward, before: Buffer) {
  const bytes = Buffer.from(body);
  return {
    ...describeHeaders(headers),
    ...(bytes.equals(before) ? { bytes: "unchanged" } : describeBody(bytes)),
    ...(metadata === null ? {} : { metadata: describeMetadata(metadata) }),
  };
}

function describeDenial({ status, headers, body, metadata }: HttpDenial) {
  return {
    status,
    headers: Object.fromEntries(headers),
    ...describeBody(Buffer.from(body)),
    metadata: describeMetadata(metadata),
  };
}

function describeHeaders({ set, remove }: HeaderMutation) {
  return { set: Object.fromEntries(set), remove };
}

/** As JSON where that says all: else every byte counts. */
function describeBody(bytes: Buffer): Body {
  const text = bytes.toString("utf8");
  try {
    const json: unknown = JSON.parse(text);
    return JSON.stringify(json) === text ? { json } : { text };
  } catch {
    return { text };
  }
}

/** The same caller's pseudonym stands in each: it is another test's. */
function describeMetadata({ principal: _, ...metadata }: ProxyMetadata) {
  return metadata;
}

function lineOf({ decision_id, timestamp, result, findings, edits }: DecisionEvent) {
  expect(timestamp).toBe(new Date(STILL_CLOCK.now()).toISOString());
  const reasons = result.reasons.map(({ code }) => code);
  return { decision_id, allow: result.allow, reasons, findings, edits };
}
