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
import { ofItsCall, ofServerRequests, PROVENANCE, type Provenance } from "./provenance.ts";
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
  readonly provenance: string | null;
}

const NO_GRANTS: PolicyInput["grants"] = [];
const NO_RULES: PolicyInput["rules"] = [];
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

  function build(subject: InputSubject): PolicyInput {
    const { phase, message, server, principal } = subject;
    const { inventory = NO_INVENTORY, counts = NO_COUNTS, grants = NO_GRANTS } = subject;
    const host = hostOf(principal);
    const params = isCall(message) ? (message.payload ?? undefined) : undefined;
    const roots = rootsOf(server);
    const { paths, rawPaths } = pathFacts(phase === "response" ? undefined : params, roots);
    const names = namesOf(message);
    const resource = resourceFacts(message.uri, subject.shown);
    const findings = findingFacts(subject.findings);
    // FAIL CLOSED: a finding that the policy cannot point at it cannot have taken out.
    const complete = names.complete && findings.every(({ at }) => at.isWellFormed());

    return {
      v: 1,
      phase,
      facts: { complete, policy: engineRevision },
      message: {
        kind: message.kind,
        method: names.method,
        tool: names.tool,
        prompt: names.prompt,
        ...argumentFacts(member(params, "arguments"), subject.shown),
        bytes: message.bytes,
        revision: message.revision,
      },
      resource,
      item: itemFacts(subject.item, names, resource),
      result: resultFacts(message, inventory.tool.classification),
      rules: rulesOf(subject, params, portable, host),
      patterns: patterns?.facts(params) ?? {},
      paths,
      findings: findings.map((finding) => ({ ...finding, at: finding.at.toWellFormed() })),
      strings: {
        ...stringFacts(subject.leaves),
        raw_paths: rawPaths,
        aliases: subject.aliases ?? null,
      },
      server: { id: server },
      tool: inventory.tool,
      principal,
      client: {
        name: shortened(subject.client.name),
        version: shortened(subject.client.version),
      },
      session: { ...counts.session, id: shortened(subject.sessionId) },
      source: {
        ip: subject.source.ip,
        spiffe: subject.source.spiffe,
        user_agent: shortened(subject.userAgent),
      },
      limits: counts.limits,
      flow: subject.flow ?? [],
      grants,
      posture: postureFacts(subject, inventory, portable, host),
      provenance: provenanceOf(subject),
      time: timeFacts(clock.now()),
    };
  }
  return { build };
}

function rulesOf(
  subject: InputSubject,
  params: JsonNode | undefined,
  portable: CompiledPortable | null,
  posture: PostureFacts,
): PolicyInput["rules"] {
  const { message, server, item, flow = [], inventory = NO_INVENTORY } = subject;
  if (portable === null) return NO_RULES;
  if (!isCall(message)) return obligingRules(subject, portable);
  const { session } = subject.counts ?? NO_COUNTS;
  const provenance = provenanceOf(subject);
  const selected = { ...subjectOf(message), server, facts: inventory.tool, session, posture };
  if (item !== undefined) {
    const isTemplate = item.kind === "template";
    return portable.matchItem({ ...selected, provenance: ofItsCall(provenance), isTemplate });
  }
  const given = member(params, "arguments");
  const matched = portable.match({ ...selected, provenance, arguments: given });
  if (flow.length === 0) return matched;
  const origins = flow.map(({ from }) => from);
  return [...matched, ...portable.flows(origins, server)];
}

/** Who vouches for its facts. */
function provenanceOf({ phase, principal, inventory = NO_INVENTORY }: InputSubject): Provenance {
  const { provenance } = inventory;
  return {
    ...PROVENANCE[phase][principal.authenticated_by],
    ...(provenance === null ? {} : { tool: provenance }),
  };
}

function isCall({ kind }: Message): boolean {
  return kind === "request" || kind === "notification";
}

/** An answer is of a request: what it was about, and no argument of it, is known. */
function obligingRules(
  { message, server, inventory = NO_INVENTORY }: InputSubject,
  portable: CompiledPortable,
): PolicyInput["rules"] {
  if (message.kind !== "result" && message.kind !== "error") return NO_RULES;
  return portable.obliging({ ...subjectOf(message), server, facts: inventory.tool });
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

function namesOf({ method, tool, prompt }: Message) {
  const names = { method: tellable(method), tool: tellable(tool), prompt: tellable(prompt) };
  const complete = names.method === method && names.tool === tool && names.prompt === prompt;
  return { ...names, complete };
}

/** Half a surrogate pair is no text to the policy: it would end its evaluation. */
function tellable(name: string | null): string | null {
  const isTellable = name !== null && name.length <= NAME_MAX_LENGTH && name.isWellFormed();
  return isTellable ? name : null;
}

function subjectOf({ method, tool, uri }: Message) {
  return { method, tool, uri };
}

/** An item is what its call is about: no more of it is told here than there. */
function itemFacts(
  item: ItemFact | undefined,
  { tool, prompt }: Pick<Message, "tool" | "prompt">,
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

  const types = new Set<string>();
  const content = member(payload, "content");
  for (const item of content?.kind === "array" ? content.items : []) {
    const type = stringMember(item, "type");
    types.add(type !== undefined && CONTENT_TYPES.has(type) ? type : "other");
  }
  const isError = member(payload, "isError");
  return {
    type: revision === "2026-07-28" ? resultType(payload) : null,
    bytes,
    types: [...types],
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
function findingFacts(findings: readonly Finding[]): PolicyInput["findings"] {
  const left = findings.filter(({ action }) => action === "found");
  const gone = findings.filter(({ action }) => action !== "found");
  return [...left, ...gone]
    .slice(0, FINDINGS_MAX)
    .map(({ guard, kind, at, action, severity }) => ({ guard, kind, at, action, severity }));
}

/** Opaque values and media are dense by nature and do not count towards the entropy. */
function stringFacts(leaves: readonly Leaf[]): { longest: number; max_entropy: number } {
  let longest = 0;
  let densest = 0;
  let budget = ENTROPY_TEXT_MAX_LENGTH;
  for (const { nature, text } of leaves) {
    longest = Math.max(longest, text.length);
    if (nature !== "text" || text.length < DENSE_TOKEN_MIN_LENGTH || budget <= 0) continue;
    densest = Math.max(densest, densestToken(text.slice(0, budget), DENSE_TOKEN_MIN_LENGTH).bits);
    budget -= text.length;
  }
  return { longest, max_entropy: densest };
}

function postureFacts(
  subject: InputSubject,
  { mode }: InventoryFacts,
  portable: CompiledPortable | null,
  host: PostureFacts,
): PolicyInput["posture"] {
  const { phase, message, server } = subject;
  const vouched = () => ofServerRequests(provenanceOf(subject));
  return {
    ...host,
    ...(mode === null ? {} : { inventory: mode }),
    ...(declaresCapabilities(phase, message)
      ? { server_requests: portable?.serverRequests(server, vouched(), host) ?? {} }
      : {}),
  };
}

/** Up to 2025-11-25 only `initialize` declares what the client can be asked for. */
function declaresCapabilities(phase: PolicyInput["phase"], { method, revision }: Message): boolean {
  return phase === "request" && (method === "initialize" || revision === "2026-07-28");
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
