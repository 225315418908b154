import type { Json, PolicyInput } from "../core/policy.ts";
import { POSTURE_PARTS } from "../core/posture.ts";
import {
  type MaskedText,
  maskExtension,
  maskMediaType,
  maskName,
  maskProduct,
  maskScheme,
  safeKey,
  safePointer,
  sizeOf,
} from "./mask-text.ts";
import type { Pseudonym } from "./pseudonym.ts";

/** The policy input as the log keeps it, and what was done to it, in the words of OPA's log. */
export interface MaskedInput {
  readonly input: Json;
  /** Pointers of what was taken out. */
  readonly erased: readonly string[];
  /** Pointers of what was replaced: by a size, or by a pseudonym. */
  readonly masked: readonly string[];
}

/** Notes the pointer of what is not shown as it was. */
type Note = <T extends Json>(pointer: string, before: Json, after: T) => T;

/**
 * Every field is named here: one that is added to the policy input stays out of the log until
 * somebody has said how it is to be masked.
 */
export function maskInput(
  input: PolicyInput,
  pseudonym: Pseudonym,
  showsArguments = false,
): MaskedInput {
  const masked: string[] = [];
  const note: Note = (pointer, before, after) => {
    if (before !== after) masked.push(`/input${pointer}`);
    return after;
  };
  const { uri, scheme, ext } = input.resource;

  const shown: Json = {
    v: input.v,
    phase: input.phase,
    facts: input.facts,
    message: maskMessage(input.message, showsArguments, note),
    resource: {
      scheme: note("/resource/scheme", scheme, maskScheme(scheme)),
      ext: note("/resource/ext", ext, maskExtension(ext)),
    },
    // Of items only the page they are listed on is put on record.
    item: null,
    result: maskResult(input.result, note),
    rules: input.rules.map(({ rule, fit, failed }) => {
      return { rule, fit, failed: failed.map(({ at, check }) => ({ at: safePointer(at), check })) };
    }),
    patterns: mapValues(input.patterns, (places) => places.map(safePointer)),
    paths: maskPaths(input.paths, note),
    findings: input.findings.map(({ guard, kind, at, action, severity }) => {
      return { guard, kind, at: safePointer(at), action, severity };
    }),
    strings: input.strings,
    server: { id: input.server.id },
    tool: { ...input.tool },
    principal: maskPrincipal(input.principal, pseudonym, note),
    client: maskClient(input.client, note),
    session: maskSession(input.session, pseudonym, note),
    source: maskSource(input.source, pseudonym, note),
    limits: input.limits,
    flow: input.flow.map(({ at, from, age_s }) => ({ at: safePointer(at), from, age_s })),
    grants: input.grants.map((grant) => ({ ...grant })),
    posture: maskPosture(input.posture, note),
    provenance: input.provenance,
    time: input.time,
  };
  return { input: shown, erased: uri === null ? [] : ["/input/resource/uri"], masked };
}

function maskMessage(message: PolicyInput["message"], showsArguments: boolean, note: Note): Json {
  const name = (field: "method" | "tool" | "prompt"): MaskedText =>
    note(`/message/${field}`, message[field], maskName(message[field]));
  return {
    kind: message.kind,
    method: name("method"),
    tool: name("tool"),
    prompt: name("prompt"),
    arguments: maskValues(
      "/message/arguments",
      message.arguments,
      note,
      showsArguments ? showValue : sizeOf,
    ),
    truncated: message.truncated.map(safePointer),
    bytes: message.bytes,
    revision: message.revision,
  };
}

function maskResult(result: PolicyInput["result"], note: Note): Json {
  if (result === null) return null;
  const types = result.types.map((type, index) =>
    note(`/result/types/${index}`, type, maskMediaType(type)),
  );
  return { ...result, type: note("/result/type", result.type, maskName(result.type)), types };
}

function maskPaths(paths: PolicyInput["paths"], note: Note): Json {
  return paths.map(({ at, root, ext, traversal, sensitive }, index) => {
    const shownExt = note(`/paths/${index}/ext`, ext, maskExtension(ext));
    return { at: safePointer(at), root, ext: shownExt, traversal, sensitive };
  });
}

function maskPrincipal(
  principal: PolicyInput["principal"],
  pseudonym: Pseudonym,
  note: Note,
): Json {
  return {
    id: note("/principal/id", principal.id, pseudonym(principal.id)),
    kind: principal.kind,
    roles: principal.roles,
    scopes: principal.scopes,
    claims: maskValues("/principal/claims", principal.claims, note),
    authenticated_by: principal.authenticated_by,
  };
}

function maskClient(client: PolicyInput["client"], note: Note): Json {
  return {
    name: note("/client/name", client.name, maskProduct(client.name)),
    version: note("/client/version", client.version, maskProduct(client.version)),
  };
}

function maskSession(session: PolicyInput["session"], pseudonym: Pseudonym, note: Note): Json {
  const { id } = session;
  return { ...session, id: id === null ? null : note("/session/id", id, pseudonym(id)) };
}

/** A workload's identity is a subject, as its principal is: shown here, it would undo the other. */
function maskSource(source: PolicyInput["source"], pseudonym: Pseudonym, note: Note): Json {
  const { ip, spiffe, user_agent } = source;
  return {
    ip,
    spiffe: spiffe === null ? null : note("/source/spiffe", spiffe, pseudonym(spiffe)),
    user_agent: note("/source/user_agent", user_agent, maskProduct(user_agent)),
  };
}

/** How the inventory is applied is the operator's own word, and checks have names and states only. */
function maskPosture(posture: PolicyInput["posture"], note: Note): Json {
  const clear: { [name: string]: Json } = {};
  const others: { [name: string]: Json } = {};
  const entries = Object.entries(posture);
  if (entries.length === 0) return EMPTY;
  for (const [name, value] of entries) {
    (CLEAR_POSTURE.has(name) ? clear : others)[name] = value;
  }
  return { ...maskValues("/posture", others, note), ...clear };
}

const CLEAR_POSTURE: ReadonlySet<string> = new Set(["inventory", ...POSTURE_PARTS]);

/** The policy saw no more than some 1,000 characters of all arguments together. */
const SHOWN_MAX_LENGTH = 16 * 1024;

/** A value in clear, its keys included; one that is long after all stays a size. */
function showValue(value: Json): Json {
  return JSON.stringify(value).length > SHOWN_MAX_LENGTH ? sizeOf(value) : value;
}

/** Keys and sizes. Two keys that look alike once they are safe stay two. */
function maskValues(
  pointer: string,
  values: { readonly [key: string]: Json },
  note: Note,
  show: (value: Json) => Json = sizeOf,
): { readonly [key: string]: Json } {
  // Arguments have no prototype, and of such objects V8 tells entries slowly.
  const keys = Object.keys(values);
  if (keys.length === 0) return EMPTY;
  const shown: [string, Json][] = [];
  const names = new Set<string>();
  for (const key of keys) {
    const value = values[key] ?? null;
    const safe = safeKey(key);
    const name = names.has(safe) ? `${safe}#${shown.length}` : safe;
    names.add(name);
    shown.push([name, note(`${pointer}/${name}`, value, show(value))]);
  }
  return Object.fromEntries(shown);
}

function mapValues<T>(
  values: { readonly [key: string]: T },
  show: (value: T) => Json,
): { readonly [key: string]: Json } {
  const entries = Object.entries(values);
  if (entries.length === 0) return EMPTY;
  return Object.fromEntries(entries.map(([key, value]) => [key, show(value)]));
}

/** With a prototype: JSON.stringify is slow on objects without. `fromEntries` defines, never sets. */
const EMPTY: { readonly [key: string]: Json } = Object.freeze({});
