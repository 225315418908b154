import {
  type ConfigError,
  type Fault,
  formatConfigError,
  formatPath,
} from "../../config/config-error.ts";
import { type ConfigDocument, decodeDocument } from "../../config/document.ts";
import { validateShape } from "../../config/schema.ts";
import type { Direction } from "../../core/message.ts";
import type { Json, Principal } from "../../core/policy.ts";
import { err, ok, type Result } from "../../core/result.ts";
import type { PendingRequest } from "../../mcp/message/read.ts";
import { SOME_CALL } from "../scanner.ts";
import type { Trial } from "./trial.ts";

/** A file of table tests (`schemas/policy-test.json`). */
export interface Table {
  readonly file: string;
  /** As written; relative to the file. */
  readonly policy: string | null;
  readonly bundle: string | null;
  readonly config: string | null;
  readonly tests: readonly TableTest[];
}

export interface TableTest {
  readonly name: string;
  /** `tests/crm_test.yaml:12:5` */
  readonly place: string;
  readonly steps: readonly Step[];
  readonly expect: Expectation;
}

/** A message, and when it comes (milliseconds since 1970; null is now). The last one is judged. */
export interface Step {
  readonly trial: Trial;
  readonly time: number | null;
}

export interface Expectation {
  readonly allow?: boolean;
  readonly code?: string;
  readonly codes?: readonly string[];
  readonly shadow?: readonly string[];
  readonly rule?: string;
  readonly reason?: string;
  readonly message?: Json;
  readonly contains?: string | readonly string[];
  readonly not_contains?: string | readonly string[];
  readonly findings?: readonly { readonly [field: string]: string }[];
}

/** `given`, as `schemas/policy-test.json` has found it. */
interface Given {
  readonly direction?: Direction;
  readonly server?: string;
  readonly principal?: Partial<Principal>;
  readonly source?: {
    readonly ip?: string;
    readonly spiffe?: string;
    readonly user_agent?: string;
  };
  readonly session?: string;
  readonly time?: string;
  readonly request?: {
    readonly method: string;
    readonly params?: { readonly [key: string]: Json };
  };
  readonly message?: Json;
  readonly text?: string;
}

interface RawTable {
  readonly policy?: string;
  readonly bundle?: string;
  readonly config?: string;
  readonly given?: Given;
  readonly tests: readonly {
    readonly name: string;
    readonly before?: readonly Given[];
    readonly given: Given;
    readonly expect: Expectation;
  }[];
}

const TABLE_MAX_BYTES = 16 * 1024 * 1024;

/** Reads table tests, or says everything that is wrong with them, each with its place. */
export function decodeTable(text: string, file: string): Result<Table, readonly string[]> {
  const document = decodeDocument(text, file, TABLE_MAX_BYTES);
  if (!document.ok) return err(document.error.map(formatConfigError));
  const { value } = document.value;
  const faults = [...validateShape(value, "policy-test")];
  if (faults.length === 0) faults.push(...meaningFaults(value as RawTable));
  if (faults.length > 0) {
    return err(faults.map((fault) => formatConfigError(locate(fault, document.value))));
  }
  const raw = value as RawTable;
  return ok({
    file,
    policy: raw.policy ?? null,
    bundle: raw.bundle ?? null,
    config: raw.config ?? null,
    tests: raw.tests.map(({ name, before = [], given, expect }, index) => {
      const origin = document.value.originOf(["tests", String(index), "name"], "key");
      const place = origin.kind === "file" ? `${file}:${origin.line}:${origin.column}` : file;
      const steps = [...before, given].map((one) => stepOf({ ...raw.given, ...one }));
      return { name, place, steps, expect };
    }),
  });
}

function locate({ path, target, problem, remedy }: Fault, document: ConfigDocument): ConfigError {
  return { origin: document.originOf(path, target), path: formatPath(path), problem, remedy };
}

/** What a schema cannot say well: of a message and a text there is one, and a time is one. */
function meaningFaults({ given: common = {}, tests }: RawTable): readonly Fault[] {
  return tests.flatMap(({ before = [], given }, index) => {
    const at = ["tests", String(index)];
    const each = [
      ...before.map((one, step) => ({ one, path: [...at, "before", String(step)] })),
      { one: given, path: [...at, "given"] },
    ];
    return each.flatMap(({ one, path }) => givenFaults({ ...common, ...one }, path));
  });
}

function givenFaults({ message, text, time }: Given, path: readonly string[]): readonly Fault[] {
  const faults: Fault[] = [];
  const fault = (problem: string, remedy: string): void => {
    faults.push({ path, target: "key", problem, remedy });
  };
  if (message === undefined && text === undefined) {
    fault("holds no message", "add message: { method: …, params: … }, or text: …");
  }
  if (message !== undefined && text !== undefined) {
    fault("holds both message and text", "remove one of the two");
  }
  if (time !== undefined && Number.isNaN(Date.parse(time))) {
    fault("has a time that is none", "write it as in 2026-11-21T09:30:00Z");
  }
  return faults;
}

function stepOf(given: Given): Step {
  const { direction = "request", server = "test", source = {}, session, time, request } = given;
  const trial = {
    direction,
    server,
    principal: principalOf(given.principal, server),
    source: {
      ip: source.ip ?? null,
      spiffe: source.spiffe ?? null,
      user_agent: source.user_agent ?? null,
    },
    sessionId: session ?? null,
    request: request === undefined ? SOME_CALL : pendingOf(request),
    body: Buffer.from(bodyOf(given, direction)),
  };
  return { trial, time: time === undefined ? null : Date.parse(time) };
}

/** Who has a name was vouched for by a token, unless the test says otherwise. */
function principalOf(given: Partial<Principal> | undefined, server: string): Principal {
  const isKnown = given?.id !== undefined;
  return {
    id: given?.id ?? `anonymous@${server}`,
    kind: given?.kind ?? (isKnown ? "user" : "anonymous"),
    roles: given?.roles ?? [],
    scopes: given?.scopes ?? [],
    claims: given?.claims ?? {},
    authenticated_by: given?.authenticated_by ?? (isKnown ? "jwt" : "none"),
  };
}

function pendingOf({ method, params = {} }: NonNullable<Given["request"]>): PendingRequest {
  const text = (key: string): string | null => {
    const value = params[key];
    return typeof value === "string" ? value : null;
  };
  const isPrompt = method === "prompts/get";
  return {
    method,
    tool: method === "tools/call" ? text("name") : null,
    prompt: isPrompt ? text("name") : null,
    uri: text("uri"),
    cursor: text("cursor"),
    revision: "2025-11-25",
  };
}

function bodyOf({ message, text }: Given, direction: Direction): string {
  if (typeof message === "string") return message;
  if (text === undefined) return JSON.stringify(enveloped(message ?? null, direction));
  const payload =
    direction === "request"
      ? { method: "tools/call", params: { name: "test", arguments: { text } } }
      : { result: { content: [{ type: "text", text }] } };
  return JSON.stringify(enveloped(payload, direction));
}

/** Adds what every message has, where it is missing; a notification keeps having no id. */
export function enveloped(message: Json, direction: Direction): Json {
  if (Array.isArray(message)) return message.map((one) => enveloped(one, direction));
  if (typeof message !== "object" || message === null) return message;
  const method = Object.hasOwn(message, "method") ? Reflect.get(message, "method") : null;
  const isNotification = typeof method === "string" && method.startsWith("notifications/");
  return { jsonrpc: "2.0", ...(isNotification ? {} : { id: 1 }), ...message };
}
