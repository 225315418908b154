import type { Config } from "../../../config/config.ts";
import type { Direction } from "../../../core/message.ts";
import type { Json, Principal } from "../../../core/policy.ts";
import { err, ok, type Result } from "../../../core/result.ts";
import { createOfflinePipeline } from "../../offline.ts";
import { SOME_CALL } from "../../scanner.ts";
import { systemClock } from "../../system.ts";
import { readPortableFile } from "../portable-file.ts";
import { metadataOf, modulesOf } from "../rule-metadata.ts";
import { enveloped } from "../table.ts";
import { tryOut } from "../trial.ts";
import { type ExplainOptions, type Explanation, explain } from "./explain.ts";

export interface MessageOptions {
  readonly direction: Direction;
  readonly server: string;
  /** Who calls; without roles nobody known. */
  readonly roles: readonly string[];
}

/** The parts that an explanation looks things up in. */
export async function explainOptionsOf(
  config: Config,
): Promise<Result<Omit<ExplainOptions, "engine">, readonly string[]>> {
  const { file, bundle } = config.policy;
  const portable = file === null ? ok(null) : await readPortableFile(file);
  if (!portable.ok) return portable;
  return ok({ portable: portable.value, metadata: metadataOf(await modulesOf(bundle)) });
}

/** Judges the message in a file, or of a line of `impedance scan`, and says why. */
export async function explainMessage(
  text: string,
  config: Config,
  options: MessageOptions,
): Promise<Result<Explanation, readonly string[]>> {
  const body = bodyOf(text, options.direction);
  if (!body.ok) return err([body.error]);
  const known = await explainOptionsOf(config);
  if (!known.ok) return known;
  const faults: string[] = [];
  const onFault = (guard: string) => faults.push(`the guard ${guard} failed`);
  const pipeline = await createOfflinePipeline(config, {
    guards: null,
    clock: systemClock,
    isPatient: true,
    onFault,
  });
  if (!pipeline.ok) return pipeline;

  const { direction, server, roles } = options;
  const trial = {
    ...{ direction, server, body: body.value, request: SOME_CALL },
    principal: principalOf(roles, server),
    source: { ip: null, spiffe: null, user_agent: null },
    sessionId: null,
  };
  const outcome = tryOut(trial, pipeline.value.start());
  const { engine } = pipeline.value.policy;
  const [input] = outcome.inputs;
  if (input === undefined) return ok(unread(outcome.reasons));
  const explained = explain(input, outcome, { ...known.value, engine });
  const edits = outcome.findings.filter(({ action }) => action === "redacted");
  const notes = [
    ...faults,
    ...edits.map(({ guard, kind, at }) => `Layer 1 (${guard}) took out ${kind} at ${at}`),
    ...(outcome.inputs.length > 1 ? ["a batch: the first of its messages is explained"] : []),
  ];
  return ok({ ...explained, notes });
}

/** What was refused before it became a message that a policy can be asked about. */
function unread(reasons: Parameters<typeof explain>[1]["reasons"]): Explanation {
  const about = { title: null, description: null, facts: [] };
  return {
    allow: false,
    message: "no message that can be read",
    reasons: reasons.map((reason) => ({ ...reason, ...about })),
    shadow: [],
    allowed_by: [],
    nearly: [],
    changes: [],
    notes: ["it was refused before the policy was asked: no policy can allow it"],
  };
}

function principalOf(roles: readonly string[], server: string): Principal {
  const isKnown = roles.length > 0;
  return {
    id: isKnown ? "somebody" : `anonymous@${server}`,
    kind: isKnown ? "user" : "anonymous",
    roles,
    scopes: [],
    claims: {},
    authenticated_by: isKnown ? "jwt" : "none",
  };
}

/** A line of `impedance scan` wraps its message; anything else is one, as it stands. */
function bodyOf(text: string, direction: Direction): Result<Uint8Array, string> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return ok(Buffer.from(text));
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return err("this is no JSON-RPC message: give one, or a line of impedance scan");
  }
  const line = value as { readonly [key: string]: Json };
  const isLine = !Object.hasOwn(line, "jsonrpc");
  if (isLine && typeof line.body === "string") return ok(Buffer.from(line.body, "base64"));
  if (isLine && line.message !== undefined) return ok(Buffer.from(JSON.stringify(line.message)));
  if (isLine && typeof line.text === "string") return ok(textBody(line.text, direction));
  return ok(isLine ? Buffer.from(JSON.stringify(enveloped(line, direction))) : Buffer.from(text));
}

function textBody(text: string, direction: Direction): Uint8Array {
  const message =
    direction === "request"
      ? { method: "tools/call", params: { name: "scan", arguments: { text } } }
      : { result: { content: [{ type: "text", text }] } };
  return Buffer.from(JSON.stringify(enveloped(message, direction)));
}
