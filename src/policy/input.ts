import { densestToken } from "../core/entropy.ts";
import type { Finding } from "../core/finding.ts";
import { type InventoryMode, NO_TOOL_FACTS, type ToolFacts } from "../core/inventory.ts";
import { type JsonNode, type Leaf, member, stringMember } from "../core/json.ts";
import type { Message } from "../core/message.ts";
import {
  type Counts,
  type ItemFact,
  NO_COUNTS,
  type PolicyInput,
  type Principal,
} from "../core/policy.ts";
import type { Clock } from "../core/ports.ts";
import { NO_POSTURE_FACTS, type PostureFacts } from "../core/posture.ts";
import { argumentFacts } from "./arguments.ts";
import { pathFacts } from "./path-facts.ts";
import type { Root } from "./paths.ts";
import type { Patterns } from "./patterns.ts";
import type { CompiledPortable } from "./portable/compile.ts";
import {
  ofItsCall,
  ofServerRequests,
  PROVENANCE,
  type Provenance,
  WITH_TOOL,
} from "./provenance.ts";
import { resourceFacts } from "./resource.ts";

/** Makes the facts that the policy decides on. */
export interface InputBuilder {
  build(subject: InputSubject): PolicyInput;
}

/** One message in its place, after Layer 1. */
export interface InputSubject {
  readonly phase: PolicyInput["phase"];
  readonly message: Message;
  readonly server: string;
  readonly findings: readonly Finding[];
  readonly leaves: readonly Leaf[];
  readonly principal: Principal;
  readonly client: PolicyInput["client"];
  readonly sessionId: string | null;
  /** What is kept count of; absent where nobody counts. */
  readonly counts?: Counts;
  readonly source: { readonly ip: string | null; readonly spiffe: string | null };
  readonly userAgent: string | null;
  /** Phase `list`: what the message would call. */
  readonly item?: ItemFact;
  /** How many aliases stood for paths; null or absent where no path is concealed. */
  readonly aliases?: number | null;
  /** Where values of the arguments come from; absent where nobody remembers. */
  readonly flow?: PolicyInput["flow"];
  /** What people agreed to of just this message; absent where nobody is asked. */
  readonly grants?: PolicyInput["grants"];
  /** How the policy may see a text of this message: without the paths it stands for. */
  readonly shown?: (text: string) => string;
  /** What the inventory says of the message's tool; absent where there is none to ask. */
  readonly inventory?: InventoryFacts;
}

/** What the inventory says of a tool, and who vouches for it. */
export interface InventoryFacts {
  readonly tool: ToolFacts;
  /** Null where there is no inventory. */
  readonly mode: InventoryMode | null;
  readonly provenance: keyof typeof WITH_TOOL | null;
}

const NO_FLOW: PolicyInput["flow"] = [];
const NO_GRANTS: PolicyInput["grants"] = [];
const NO_RULES: PolicyInput["rules"] = [];
const NO_PATTERNS: PolicyInput["patterns"] = Object.freeze({});
const NO_FINDINGS: PolicyInput["findings"] = [];
const NO_REQUESTS: PostureFacts = Object.freeze({});
const NO_CLIENT: PolicyInput["client"] = { name: null, version: null };
const NO_INVENTORY: InventoryFacts = { tool: NO_TOOL_FACTS, mode: null, provenance: null };

export interface InputBuilderOptions {
  /** The revision of the engine that these facts are for. */
  readonly engineRevision: string;
  readonly portable: CompiledPortable | null;
  /** That the bundle names; absent where it names none. */
  readonly patterns?: Patterns;
  readonly roots: readonly Root[];
  readonly clock: Clock;
  /** What this policy reads of the host and of its caller's device; absent where it reads nothing. */
  readonly posture?: (principal: Principal) => PostureFacts;
}

/** A longer name is told as missing, and the facts as incomplete. */
const NAME_MAX_LENGTH = 1024;
const RESULT_TYPE_MAX_LENGTH = 128;
const SELF_REPORTED_MAX_LENGTH = 256;
const FINDINGS_MAX = 256;
const DENSE_TOKEN_MIN_LENGTH = 40;
/** Requests are smaller; of a larger answer, entropy is measured on as much text as this. */
const ENTROPY_TEXT_MAX_LENGTH = 1024 * 1024;
const CONTENT_TYPES: ReadonlySet<string> = new Set([
  "text",
  "image",
  "audio",
  "resource",
  "resource_link",
]);

export function createInputBuilder(options: InputBuilderOptions): InputBuilder {
  const { engineRevision, portable, patterns, clock } = options;
  const rootsOf = createRoots(options.roots);
  const hostOf = options.posture ?? (() => NO_POSTURE_FACTS);
  const allTold = { complete: true, policy: engineRevision };
  const notAllTold = { complete: false, policy: engineRevision };

  function build(subject: InputSubject): PolicyInput {
    const { phase, message, server, principal } = subject;
    const { inventory = NO_INVENTORY, counts = NO_COUNTS, grants = NO_GRANTS } = subject;
    const host = hostOf(principal);
    const provenance = vouchersOf(phase, principal, inventory);
    const params = isCall(message) ? (message.payload ?? undefined) : undefined;
    const told = messageFacts(message, params, subject.shown);
    const { paths, rawPaths } = pathFacts(
      phase === "response" ? undefined : params,
      rootsOf(server),
    );
    const resource = resourceFacts(message.uri, subject.shown);
    const findings = mostUrgent(subject.findings);
    // FAIL CLOSED: a finding that the policy cannot point at it cannot have taken out.
    const complete = isNamed(message, told) && findings.every(({ at }) => at.isWellFormed());

    return {
      v: 1,
      phase,
      facts: complete ? allTold : notAllTold,
      message: told,
      resource,
      item: itemFacts(subject.item, told, resource),
      result: resultFacts(message, inventory.tool.classification),
      rules: portable === null ? NO_RULES : rulesOf(subject, params, portable, host, provenance),
      patterns: patterns?.facts(params) ?? NO_PATTERNS,
      paths,
      findings: findings.length === 0 ? NO_FINDINGS : findings.map(findingFact),
      strings: stringFacts(subject.leaves, rawPaths, subject.aliases ?? null),
      server: { id: server },
      tool: inventory.tool,
      principal,
      client: clientFacts(subject.client),
      session: sessionFacts(counts, subject.sessionId),
      source: {
        ip: subject.source.ip,
        spiffe: subject.source.spiffe,
        user_agent: shortened(subject.userAgent),
      },
      limits: counts.limits,
      flow: subject.flow ?? NO_FLOW,
      grants,
      posture: postureFacts(subject, inventory.mode, portable, host, provenance),
      provenance,
      time: timeFacts(clock.now()),
    };
  }
  return { build };
}

/** Who vouches for its facts. */
function vouchersOf(
  phase: PolicyInput["phase"],
  { authenticated_by: by }: Principal,
  { provenance }: InventoryFacts,
): Provenance {
  const usual = PROVENANCE[phase][by];
  return provenance === null ? usual : WITH_TOOL[provenance](usual);
}

function messageFacts(
  { kind, method, tool, prompt, bytes, revision }: Message,
  params: JsonNode | undefined,
  shown: InputSubject["shown"],
): PolicyInput["message"] {
  const { arguments: values, truncated } = argumentFacts(member(params, "arguments"), shown);
  return {
    kind,
    method: tellable(method),
    tool: tellable(tool),
    prompt: tellable(prompt),
    arguments: values,
    truncated,
    bytes,
    revision,
  };
}

/** Whether all its names are told. */
function isNamed(message: Message, told: PolicyInput["message"]): boolean {
  return (
    told.method === message.method && told.tool === message.tool && told.prompt === message.prompt
  );
}

function sessionFacts({ session }: Counts, id: string | null): PolicyInput["session"] {
  const { age_s, calls, denied, trust, threat } = session;
  return { age_s, calls, denied, trust, threat, id: shortened(id) };
}

function rulesOf(
  subject: InputSubject,
  params: JsonNode | undefined,
  portable: CompiledPortable,
  posture: PostureFacts,
  provenance: Provenance,
): PolicyInput["rules"] {
  const { message, server, item, flow = NO_FLOW, inventory = NO_INVENTORY } = subject;
  if (!isCall(message)) return obligingRules(subject, portable);
  const { method, tool, uri } = message;
  const { session } = subject.counts ?? NO_COUNTS;
  const facts = inventory.tool;
  if (item !== undefined) {
    const isTemplate = item.kind === "template";
    const call = { method, tool, uri, server, facts, session, posture, isTemplate };
    return portable.matchItem({ ...call, provenance: ofItsCall(provenance) });
  }
  const given = member(params, "arguments");
  const matched = portable.match({
    method,
    tool,
    uri,
    server,
    facts,
    session,
    posture,
    provenance,
    arguments: given,
  });
  if (flow.length === 0) return matched;
  const origins = flow.map(({ from }) => from);
  return [...matched, ...portable.flows(origins, server)];
}

function isCall({ kind }: Message): boolean {
  return kind === "request" || kind === "notification";
}

/** An answer is of a request: what it was about, and no argument of it, is known. */
function obligingRules(
  { message, server, inventory = NO_INVENTORY }: InputSubject,
  portable: CompiledPortable,
): PolicyInput["rules"] {
  const { kind, method, tool, uri } = message;
  if (kind !== "result" && kind !== "error") return NO_RULES;
  return portable.obliging({ method, tool, uri, server, facts: inventory.tool });
}

/** The roots of a server, worked out once for each. */
function createRoots(roots: readonly Root[]): (server: string) => readonly Root[] {
  const common = roots.filter(({ servers }) => servers === undefined);
  const named = new Set(roots.flatMap(({ servers }) => servers ?? []));
  const byServer = new Map(
    [...named].map((server) => [
      server,
      roots.filter(({ servers }) => servers === undefined || servers.includes(server)),
    ]),
  );
  return (server) => byServer.get(server) ?? common;
}

/** Half a surrogate pair is no text to the policy: it would end its evaluation. */
function tellable(name: string | null): string | null {
  const isTellable = name !== null && name.length <= NAME_MAX_LENGTH && name.isWellFormed();
  return isTellable ? name : null;
}

/** An item is what its call is about: no more of it is told here than there. */
function itemFacts(
  item: ItemFact | undefined,
  { tool, prompt }: PolicyInput["message"],
  { uri }: PolicyInput["resource"],
): PolicyInput["item"] {
  return item === undefined ? null : { kind: item.kind, name: tool ?? prompt, uri };
}

/** What came back of a request; null for everything that is no answer of a server. */
function resultFacts(
  { kind, payload, bytes, revision }: Message,
  classification: ToolFacts["classification"],
): PolicyInput["result"] {
  if (kind === "error") return { type: null, bytes, types: [], is_error: true, classification };
  if (kind !== "result") return null;

  const types: string[] = [];
  const content = member(payload, "content");
  for (const item of content?.kind === "array" ? content.items : []) {
    const told = stringMember(item, "type");
    const type = told !== undefined && CONTENT_TYPES.has(told) ? told : "other";
    if (!types.includes(type)) types.push(type);
  }
  const isError = member(payload, "isError");
  return {
    type: revision === "2026-07-28" ? resultType(payload) : null,
    bytes,
    types,
    is_error: isError?.kind === "literal" && isError.value === true,
    classification,
  };
}

/** One that is no text, or too long for any, is told as a type that nobody knows. */
function resultType(payload: JsonNode | null): string | null {
  const type = member(payload, "resultType");
  if (type === undefined) return null;
  if (type.kind !== "string" || type.value.length > RESULT_TYPE_MAX_LENGTH) return "";
  return type.value.isWellFormed() ? type.value : "";
}

/** What is still in the message comes first: it is what must not be cut off. */
function mostUrgent(findings: readonly Finding[]): readonly Finding[] {
  if (findings.length === 0) return findings;
  const left = findings.filter(({ action }) => action === "found");
  const gone = findings.filter(({ action }) => action !== "found");
  return [...left, ...gone].slice(0, FINDINGS_MAX);
}

function findingFact({ guard, kind, at, action, severity }: Finding) {
  return { guard, kind, at: at.toWellFormed(), action, severity };
}

/** Opaque values and media are dense by nature and do not count towards the entropy. */
function stringFacts(
  leaves: readonly Leaf[],
  rawPaths: number | null,
  aliases: number | null,
): PolicyInput["strings"] {
  let longest = 0;
  let densest = 0;
  let budget = ENTROPY_TEXT_MAX_LENGTH;
  for (const { nature, text } of leaves) {
    if (text.length > longest) longest = text.length;
    if (nature !== "text" || text.length < DENSE_TOKEN_MIN_LENGTH || budget <= 0) continue;
    densest = Math.max(densest, densestToken(text.slice(0, budget), DENSE_TOKEN_MIN_LENGTH).bits);
    budget -= text.length;
  }
  return { longest, max_entropy: densest, raw_paths: rawPaths, aliases };
}

function postureFacts(
  { phase, message, server }: InputSubject,
  mode: InventoryMode | null,
  portable: CompiledPortable | null,
  host: PostureFacts,
  provenance: Provenance,
): PolicyInput["posture"] {
  const inventoried = mode === null ? host : { ...host, inventory: mode };
  if (!declaresCapabilities(phase, message)) return inventoried;
  const vouched = ofServerRequests(provenance);
  const granted = portable?.serverRequests(server, vouched, host) ?? NO_REQUESTS;
  return { ...inventoried, server_requests: granted };
}

/** Up to 2025-11-25 only `initialize` declares what the client can be asked for. */
function declaresCapabilities(phase: PolicyInput["phase"], { method, revision }: Message): boolean {
  return phase === "request" && (method === "initialize" || revision === "2026-07-28");
}

function clientFacts({ name, version }: PolicyInput["client"]): PolicyInput["client"] {
  if (name === null && version === null) return NO_CLIENT;
  return { name: shortened(name), version: shortened(version) };
}

function shortened(text: string | null): string | null {
  return text?.slice(0, SELF_REPORTED_MAX_LENGTH).toWellFormed() ?? null;
}

const DAY_MS = 86_400_000;
/** 1970 began on a Thursday. */
const FIRST_WEEKDAY = 4;

function timeFacts(epochMs: number): PolicyInput["time"] {
  const now = Math.floor(epochMs);
  const minuteOfDay = Math.floor((now % DAY_MS) / 60_000);
  return {
    epoch_ms: now,
    weekday: (Math.floor(now / DAY_MS) + FIRST_WEEKDAY) % 7,
    hour: Math.floor(minuteOfDay / 60),
    minute: minuteOfDay % 60,
    zone: "UTC",
  };
}
