import { createHash } from "node:crypto";
import type { DecisionEvent } from "../core/audit.ts";
import type { PolicyDecision, PolicyFault, PolicyInput } from "../core/policy.ts";
import type { Clock, PolicyEngine } from "../core/ports.ts";
import { createRecent } from "../core/recent.ts";
import { err, ok, type Result } from "../core/result.ts";
import { createBands, numbersIn } from "./bands.ts";
import type { Bundle, BundleFault } from "./bundle.ts";
import { decodeDecision } from "./decode-decision.ts";
import { type Instance, instantiate } from "./instance.ts";
import { isRecord, type JsonRecord, overlay } from "./json.ts";
import type { CompiledPortable } from "./portable/compile.ts";
import { createQuestions, type Questions } from "./questions.ts";
import { createRemembered, type Remembered } from "./remembered.ts";

export interface PolicyEngineOptions {
  readonly clock: Clock;
  /** An evaluation that took longer is a fault. */
  readonly budgetMs: number;
  /** Laid over the bundle's `data.impedance`: banned tools, limits. */
  readonly data?: JsonRecord;
}

/** WebAssembly memory never shrinks; an instance that grew beyond this is replaced. */
const RECYCLE_OVER_BYTES = 32 * 1024 * 1024;

/** Makes the engine that decides by `bundle`, and by the portable policy if there is one. */
export async function createPolicyEngine(
  bundle: Bundle,
  portable: CompiledPortable | null,
  options: PolicyEngineOptions,
): Promise<Result<PolicyEngine, BundleFault>> {
  const data = dataOf(bundle, portable, options.data ?? {});
  const module = await compile(bundle.wasm);
  if (!module.ok) return module;
  const first = instantiate(module.value, data);
  if (!first.ok) return first;

  const renew = () => instantiate(module.value, data);
  const { numbers } = bundle.looks;
  const likeOf = createBands([...numbers, ...numbersIn(data)]);
  const questions = createQuestions(bundle.looks, likeOf);
  return ok(
    new WasmPolicyEngine(revisionOf(bundle, data), first.value, { ...options, renew, questions }),
  );
}

async function compile(wasm: Uint8Array): Promise<Result<WebAssembly.Module, BundleFault>> {
  try {
    return ok(await WebAssembly.compile(Uint8Array.from(wasm)));
  } catch {
    const detail = "policy.wasm is not a WebAssembly module";
    return err({ code: "policy_not_loadable", detail });
  }
}

function dataOf(bundle: Bundle, portable: CompiledPortable | null, over: JsonRecord): JsonRecord {
  const ours = overlay(over, portable?.data ?? {});
  return overlay(bundle.data, { impedance: ours });
}

interface Parts extends PolicyEngineOptions {
  readonly renew: () => Result<Instance, BundleFault>;
  readonly questions: Questions;
}

/** Of everything that decides: another bundle, portable policy or data is another revision. */
function revisionOf(bundle: Bundle, data: JsonRecord): string {
  const digest = createHash("sha256").update(bundle.digest).update("\0");
  return `sha256:${digest.update(JSON.stringify(data)).digest("hex")}`;
}

/**
 * After a trap the instance's memory may be in any state, so it is thrown away, and the next
 * question goes to a fresh one; if none can be had, every answer is a fault.
 */
class WasmPolicyEngine implements PolicyEngine {
  readonly revision: string;
  #instance: Instance | null;
  readonly #renew: () => Result<Instance, BundleFault>;
  readonly #clock: Clock;
  readonly #budgetMs: number;
  readonly #questions: Questions;
  readonly #remembered: Remembered<Answer> = createRemembered();
  readonly #readAnswer = createAnswerReader();
  readonly mask?: (event: DecisionEvent) => Result<unknown, PolicyFault>;

  constructor(revision: string, instance: Instance, parts: Parts) {
    this.revision = revision;
    this.#instance = instance;
    this.#renew = parts.renew;
    this.#clock = parts.clock;
    this.#budgetMs = parts.budgetMs;
    this.#questions = parts.questions;
    if (instance.mask !== null) this.mask = (event) => this.#mask(event);
  }

  decide(input: PolicyInput): Answer {
    const name = this.#nameOf(input);
    if (name === undefined) return fault("policy_failed", "the input is no JSON");
    // What the policy may look at is all that it depends on: no clock, no network, no memory.
    return this.#remembered.get(name) ?? this.#ask(input, name);
  }

  /** What its question is remembered by, if it is; undefined for what JSON cannot say. */
  #nameOf(input: PolicyInput): string | null | undefined {
    try {
      return this.#remembered.nameOf(this.#questions.keyOf(input));
    } catch {
      return undefined;
    }
  }

  #ask(input: PolicyInput, name: string | null): Answer {
    const started = this.#clock.monotonic();
    const text = this.#evaluate((instance) => instance.evaluate(this.#questions.textOf(input)));
    const answer = text.ok ? this.#readAnswer(text.value) : text;
    // FAIL CLOSED: a fault is for the message it befell, and the next one asks again.
    if (answer.ok) this.#remembered.keep(name, answer);
    const tookMs = this.#clock.monotonic() - started;
    if (tookMs > this.#budgetMs) {
      return fault("policy_late", `it took ${Math.ceil(tookMs)} ms of ${this.#budgetMs}`);
    }
    return answer;
  }

  /** Late is not too late here: an answer that is right takes out what it should. */
  #mask(event: DecisionEvent): Result<unknown, PolicyFault> {
    const answer = this.#evaluate((instance) => instance.mask?.(JSON.stringify(event)) ?? "");
    if (!answer.ok) return answer;
    const results = parse(answer.value);
    if (!Array.isArray(results)) return fault("policy_malformed", "no result set");
    const [first]: readonly unknown[] = results;
    if (first === undefined) return ok(undefined);
    return isRecord(first) ? ok(first.result) : fault("policy_malformed", "result set");
  }

  #evaluate(ask: (instance: Instance) => string): Result<string, PolicyFault> {
    try {
      const instance = this.#ready();
      if (instance === null) return fault("policy_failed", "it could not be started again");
      const answer = ask(instance);
      if (instance.memoryBytes > RECYCLE_OVER_BYTES) this.#instance = null;
      return ok(answer);
    } catch (error) {
      this.#instance = null;
      // What a policy throws may quote its input; only the kind of failure leaves here.
      const trapped = error instanceof WebAssembly.RuntimeError;
      return fault("policy_failed", trapped ? "the evaluation trapped" : "the evaluation aborted");
    }
  }

  #ready(): Instance | null {
    if (this.#instance === null) {
      const renewed = this.#renew();
      this.#instance = renewed.ok ? renewed.value : null;
    }
    return this.#instance;
  }
}

type Answer = Result<PolicyDecision, PolicyFault>;

const ANSWERS_MAX = 64;
const ANSWER_MAX_LENGTH = 2048;

/** Most questions get one of a few answers, word for word; what those say is worked out once. */
function createAnswerReader(): (text: string) => Answer {
  const known = createRecent<Answer>(ANSWERS_MAX);
  return (text) => {
    const read = () => readAnswer(parse(text));
    return text.length > ANSWER_MAX_LENGTH ? read() : known.of(text, read);
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** OPA answers with a set of results: none when the decision is undefined. */
function readAnswer(answer: unknown): Answer {
  if (!Array.isArray(answer)) return fault("policy_malformed", "no result set");
  if (answer.length === 0) return fault("policy_undefined", "the decision is undefined");
  const [first]: readonly unknown[] = answer;
  if (answer.length > 1 || !isRecord(first)) return fault("policy_malformed", "result set");
  const decision = decodeDecision(first.result);
  return decision.ok ? decision : fault("policy_malformed", decision.error);
}

function fault(code: PolicyFault["code"], detail: string): Result<never, PolicyFault> {
  return err({ code, detail });
}
