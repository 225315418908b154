import { Buffer } from "node:buffer";
import { createRequire } from "node:module";
import type { LoadedPolicy } from "@open-policy-agent/opa-wasm";
import { err, ok, type Result } from "../core/result.ts";
import type { BundleFault } from "./bundle.ts";
import { isRecord, type JsonRecord } from "./json.ts";

// Its ES module lacks `loadPolicySync`, which its types promise and its CommonJS module has.
const { loadPolicySync } = createRequire(import.meta.url)(
  "@open-policy-agent/opa-wasm",
) as typeof import("@open-policy-agent/opa-wasm");

/** A compiled policy with its data, ready to be asked. One question at a time. */
export interface Instance {
  /**
   * The set of results for an input, both as JSON text. Throws when the policy traps or aborts; the
   * instance is not to be used again then.
   */
  evaluate(input: string): string;
  /** The same of what the bundle says about events of the log; null where it says nothing. */
  readonly mask: ((event: string) => string) | null;
  readonly memoryBytes: number;
}

const ENTRYPOINT = "mcp/firewall/decision";
/** As in OPA, where it is the default of `decision_logs.mask_decision`. */
const MASK_ENTRYPOINT = "system/log/mask";
const PAGE_BYTES = 64 * 1024;
const INITIAL_PAGES = (1024 * 1024) / PAGE_BYTES;
const MAXIMUM_PAGES = (256 * 1024 * 1024) / PAGE_BYTES;

/** Built-ins that OPA's JavaScript SDK brings along; all others must be native to the module. */
const SUPPLIED_BUILT_INS: ReadonlySet<string> = new Set([
  "json.is_valid",
  "regex.split",
  "sprintf",
  "yaml.is_valid",
  "yaml.marshal",
  "yaml.unmarshal",
]);

/** Instantiates `module`; a policy that could fail for want of a built-in fails here. */
export function instantiate(
  module: WebAssembly.Module,
  data: JsonRecord,
): Result<Instance, BundleFault> {
  try {
    const policy = loadPolicySync(module, { initial: INITIAL_PAGES, maximum: MAXIMUM_PAGES });
    const missing = missingBuiltIns(policy);
    if (missing.length > 0) {
      const detail = `the policy calls built-ins that are not there: ${missing.join(", ")}`;
      return err({ code: "built_in_missing", detail });
    }
    const entrypoints: unknown = policy.entrypoints;
    const entrypoint = isRecord(entrypoints) ? entrypoints[ENTRYPOINT] : undefined;
    if (typeof entrypoint !== "number") {
      return err({ code: "entrypoint_missing", detail: `it has no entrypoint ${ENTRYPOINT}` });
    }
    const mask = isRecord(entrypoints) ? entrypoints[MASK_ENTRYPOINT] : undefined;
    policy.setData(data);
    return ok({
      evaluate: createEvaluate(policy, entrypoint),
      mask: typeof mask === "number" ? createEvaluate(policy, mask) : null,
      get memoryBytes() {
        return policy.mem.buffer.byteLength;
      },
    });
  } catch {
    return err({ code: "policy_not_loadable", detail: "policy.wasm is no policy that OPA built" });
  }
}

const UTF8_MAX_BYTES_PER_UNIT = 3;

/**
 * `opa_eval` on text in the module's own memory (OPA's WebAssembly ABI 1.2). The SDK does the same,
 * but copies the input on its way, and looks for the end of the answer byte by byte.
 */
function createEvaluate(policy: LoadedPolicy, entrypoint: number): Instance["evaluate"] {
  const { mem, dataAddr, dataHeapPtr } = policy;
  const evaluate = exportsOf(policy).opa_eval;
  if (typeof evaluate !== "function") throw new TypeError("not an OPA module of ABI 1.2");
  const encoder = new TextEncoder();
  let memory = Buffer.from(mem.buffer);

  return (text) => {
    const end = dataHeapPtr + text.length * UTF8_MAX_BYTES_PER_UNIT;
    if (end > mem.buffer.byteLength) {
      mem.grow(Math.ceil((end - mem.buffer.byteLength) / PAGE_BYTES));
    }
    if (memory.buffer !== mem.buffer) memory = Buffer.from(mem.buffer);
    const { written } = encoder.encodeInto(text, memory.subarray(dataHeapPtr));

    const heap = dataHeapPtr + written;
    const at: unknown = evaluate(0, entrypoint, dataAddr, dataHeapPtr, written, heap, 0);
    if (typeof at !== "number") throw new TypeError("not an OPA module");
    // It may have grown meanwhile, and what was looked at before is detached then.
    if (memory.buffer !== mem.buffer) memory = Buffer.from(mem.buffer);
    return memory.toString("utf8", at, memory.indexOf(0, at));
  };
}

function exportsOf({ wasmInstance }: LoadedPolicy): WebAssembly.Exports {
  return (wasmInstance instanceof WebAssembly.Instance ? wasmInstance : wasmInstance.instance)
    .exports;
}

/** The names in the module's table of imports by name, read before anything is evaluated. */
function missingBuiltIns(policy: LoadedPolicy): readonly string[] {
  const { mem } = policy;
  const exports = exportsOf(policy);
  const builtins = exports.builtins;
  const dump = exports.opa_json_dump;
  if (typeof builtins !== "function" || typeof dump !== "function") {
    throw new TypeError("not an OPA module");
  }
  const address: unknown = dump(builtins());
  if (typeof address !== "number") throw new TypeError("not an OPA module");

  const memory = new Uint8Array(mem.buffer);
  const json = new TextDecoder().decode(memory.subarray(address, memory.indexOf(0, address)));
  const table: unknown = JSON.parse(json);
  if (!isRecord(table)) throw new TypeError("not an OPA module");
  return Object.keys(table)
    .filter((name) => !SUPPLIED_BUILT_INS.has(name))
    .sort();
}
