import type { DetectSettings } from "../../core/attacks.ts";
import { compileGlob, type Glob } from "../../core/glob.ts";
import { NO_TOOL_FACTS, type ToolFacts } from "../../core/inventory.ts";
import type { JsonNode } from "../../core/json.ts";
import type { RedactSettings } from "../../core/pii.ts";
import { NO_COUNTS, type RuleFact, type SessionFacts } from "../../core/policy.ts";
import { NO_POSTURE_FACTS, type PostureFacts, type PostureGroup } from "../../core/posture.ts";
import type { RateLimit } from "../../core/rate-limit.ts";
import { fitsTemplate, mayFitTemplate } from "../../core/uri-template.ts";
import type { JsonRecord } from "../json.ts";
import { hasDotSegment } from "../paths.ts";
import type { Provenance } from "../provenance.ts";
import { type Failure, judge } from "./constraint.ts";
import { argumentLimitOf, dataOf, isOn } from "./data.ts";
import { judgeInventory } from "./inventory-selector.ts";
import type { PortablePolicy, PortableRule } from "./policy.ts";
import { judgePosture } from "./posture-selector.ts";
import { judgeProvenance } from "./provenance-selector.ts";
import { MAX_ARG_BYTES_RULE } from "./read-modes.ts";
import { judgeSession } from "./session-selector.ts";

/** What the rules of a portable policy are matched to. */
export interface PortableSubject {
  readonly server: string;
  readonly method: string | null;
  readonly tool: string | null;
  readonly uri: string | null;
  /** `params.arguments`; undefined when there are none. */
  readonly arguments: JsonNode | undefined;
  /** What the inventory says of the tool; absent where there is none to ask. */
  readonly facts?: ToolFacts;
  /** What is known of the session; absent where nothing is. */
  readonly session?: Omit<SessionFacts, "id">;
  /** Who vouches for these facts; absent where nobody does. */
  readonly provenance?: Provenance;
  /** What is known of the host and of the caller's device; absent where nothing is. */
  readonly posture?: PostureFacts;
}

/** What a listing holds, or a request names: a call of it whose arguments nobody knows yet. */
export interface PortableItem extends Omit<PortableSubject, "arguments"> {
  /** `uri` is a template of URIs. */
  readonly isTemplate: boolean;
}

/** A portable policy, ready to be matched. Who the caller is, and what follows, Rego decides. */
export interface CompiledPortable {
  /**
   * What it lays over `data.impedance`: in `portable` what the rules mean, by rule, and the modes
   * and clearances it names.
   */
  readonly data: JsonRecord;
  /** What the guards are to mask for it. */
  readonly redact: RedactSettings | null;
  /** Where the guards are to look for attacks for it. */
  readonly detect: DetectSettings | null;
  /** Somebody has to tell which arguments a tool does not declare. */
  readonly rejectsUnknownArguments: boolean;
  readonly rateLimits: readonly RateLimit[];
  /** The rules whose selectors fit, and whether their constraints do. */
  match(subject: PortableSubject): readonly RuleFact[];
  /**
   * The rules that are about every call of this item, and the allow rules that are about some call
   * of it: what an argument would have to be is not asked.
   */
  matchItem(item: PortableItem): readonly RuleFact[];
  /**
   * The allow rules that oblige to something in an answer to such a request, whatever its
   * arguments were.
   */
  obliging(answered: Omit<PortableSubject, "arguments">): readonly RuleFact[];
  /** Some answers are to go out with their paths concealed. */
  readonly asksForAliases: boolean;
  /** It has rules against ways that values may go. */
  readonly asksForFlow: boolean;
  /** It has rules about what only an inventory says. */
  readonly asksForInventory: boolean;
  /** What its rules ask of the host and of callers' devices. */
  readonly asksForPosture: readonly PostureGroup[];
  /** The rules against values of these servers reaching this one. */
  flows(from: Iterable<string>, to: string): readonly RuleFact[];
  /** For each of `SERVER_REQUESTS`, the rules that would fit if this server asked it. */
  serverRequests(server: string, provenance: Provenance, posture?: PostureFacts): ServerRequests;
}

export interface ServerRequests {
  readonly [method: string]: readonly string[];
}

/** What a server may ask of a client; each needs a capability that the client declares. */
const SERVER_REQUESTS = ["sampling/createMessage", "elicitation/create", "roots/list"] as const;

/** A longer name or URI is not matched against wildcards. */
const SELECTED_TEXT_MAX_LENGTH = 2048;
/** Allow rules that select a message and do not fit only serve to explain. */
const UNFIT_ALLOW_FACTS_MAX = 32;
const REQUESTS_REMEMBERED_MAX = 1024;

const NO_FACTS: readonly RuleFact[] = [];
const NO_FAILURES: readonly Failure[] = Object.freeze([]);

const UNFIT_URI = "/params/uri";

export function compilePortable(policy: PortablePolicy): CompiledPortable {
  const rules = [...policy.allowRules, ...policy.denyRules].filter(isOn).map(compileRule);
  const byTool = createIndex(
    rules.filter(({ tool }) => tool !== null),
    ({ tool }) => tool,
  );
  const byMethod = createIndex(
    rules.filter(({ method }) => method !== null),
    (rule) => rule.method,
  );

  function match(subject: PortableSubject): readonly RuleFact[] {
    if (subject.method === null) return [];
    const argumentsOf = createArguments(subject.arguments);
    const facts = collectBoth(subject, (rule) =>
      selects(rule, subject) ? failuresOf(rule, subject, argumentsOf) : null,
    );
    if (isOver(subject.arguments, argumentLimitOf(policy))) {
      facts.push(OVER_ARGUMENT_LIMIT);
    }
    return facts;
  }

  function collectBoth(subject: Named, judgeRule: RuleJudge): RuleFact[] {
    const { method, tool } = subject;
    const facts: RuleFact[] = [];
    if (method === "tools/call" && tool !== null) {
      collect(byTool, tool, "/params/name", judgeRule, facts);
    }
    if (method !== null) collect(byMethod, method, "/method", judgeRule, facts);
    return facts;
  }

  const matchItem = (item: PortableItem) =>
    collectBoth(item, (rule) => (concerns(rule, item) ? failuresOfAll(rule, item) : null));

  const flowRules = policy.denyFlows.filter(isOn).map(({ id, from, to }) => {
    return { fits: fitting(id), from: compileGlob(from), to: compileGlob(to) };
  });
  function flows(from: Iterable<string>, to: string): readonly RuleFact[] {
    const servers = flowRules.length === 0 ? [] : [...new Set(from)];
    return flowRules
      .filter((rule) => rule.to.fits(to) && servers.some((server) => rule.from.fits(server)))
      .map(({ fits }) => fits);
  }

  const obligingRules = rules.filter(({ rule }) => obligesAnswers(rule));
  const asksForAliases = obligingRules.some(({ rule }) => rule.obligations?.alias.length !== 0);

  const asksForPosture = [
    ...new Set(rules.flatMap(({ rule }) => rule.posture?.map(({ group }) => group) ?? [])),
  ];
  const asksForFlow = flowRules.length > 0;
  const asksForInventory =
    policy.clearance !== null || rules.some(({ rule }) => rule.inventory !== null);
  return {
    ...wishesOf(policy),
    rejectsUnknownArguments: policy.rejectUnknownArguments,
    rateLimits: policy.rateLimits,
    asksForFlow,
    asksForAliases,
    asksForInventory,
    asksForPosture,
    obliging: (answered) => obligingFacts(obligingRules, answered),
    match,
    matchItem,
    flows,
    serverRequests: createServerRequests(match, asksForPosture.length > 0),
  };
}

/** What they are about changes seldom: who vouches, and the host where a rule asks for it. */
function createServerRequests(
  match: CompiledPortable["match"],
  asksForPosture: boolean,
): CompiledPortable["serverRequests"] {
  const remembered = new WeakMap<Provenance, Map<string, ServerRequests>>();
  return (server, provenance, posture = NO_POSTURE_FACTS) => {
    const key = asksForPosture ? JSON.stringify([server, posture]) : server;
    const vouched = remembered.get(provenance) ?? new Map<string, ServerRequests>();
    const known = vouched.get(key);
    if (known !== undefined) return known;
    const grants: { [method: string]: readonly string[] } = {};
    for (const method of SERVER_REQUESTS) {
      const message = { method, tool: null, uri: null, arguments: undefined };
      const facts = match({ server, provenance, posture, ...message });
      grants[method] = facts.filter(({ fit }) => fit).map(({ rule }) => rule);
    }
    if (vouched.size < REQUESTS_REMEMBERED_MAX) vouched.set(key, Object.freeze(grants));
    remembered.set(provenance, vouched);
    return grants;
  };
}

/** The rules that oblige the answer to such a request. */
function obligingFacts(
  rules: readonly CompiledRule[],
  answered: Omit<PortableSubject, "arguments">,
): readonly RuleFact[] {
  if (rules.length === 0) return NO_FACTS;
  const { method, tool } = answered;
  const isAbout = (rule: CompiledRule) =>
    rule.tool === null
      ? method !== null && rule.method?.fits(method) === true
      : method === "tools/call" && tool !== null && rule.tool.fits(tool);
  return rules
    .filter((rule) => isAbout(rule) && selects(rule, { ...answered, arguments: undefined }))
    .map(({ fits }) => fits);
}

function obligesAnswers({ effect, obligations }: PortableRule): boolean {
  if (effect !== "allow" || obligations === null) return false;
  return obligations.alias.length > 0 || obligations.pad !== null;
}

/** What others are to do for it: the engine by its data, the guards. */
function wishesOf(policy: PortablePolicy): Pick<CompiledPortable, "data" | "redact" | "detect"> {
  return { data: dataOf(policy), redact: policy.redact, detect: policy.detect };
}

interface CompiledRule {
  readonly rule: PortableRule;
  /** That it fits. It never changes, so that what is told of it need not be written anew. */
  readonly fits: RuleFact;
  /** Nothing is asked of a message but its names. */
  readonly isPlain: boolean;
  readonly tool: Glob | null;
  readonly method: Glob | null;
  readonly server: Glob | null;
  readonly uri: Glob | null;
}

function compileRule(rule: PortableRule): CompiledRule {
  const glob = (source: string | null) => (source === null ? null : compileGlob(source));
  return {
    rule,
    fits: fitting(rule.id),
    isPlain: isPlain(rule),
    tool: glob(rule.tool),
    method: glob(rule.method),
    server: glob(rule.server),
    uri: glob(rule.uri),
  };
}

function fitting(rule: string): RuleFact {
  return Object.freeze({ rule, fit: true, failed: NO_FAILURES });
}

function isPlain({ uri, inventory, provenance, posture, session, constraints }: PortableRule) {
  const asked = [uri, inventory, provenance, posture, session];
  return asked.every((selector) => selector === null) && constraints.size === 0;
}

/** Rules by the name they select; those with a wildcard have to be tried one by one. */
interface Index {
  readonly exact: ReadonlyMap<string, readonly CompiledRule[]>;
  readonly wildcards: readonly { readonly glob: Glob; readonly rule: CompiledRule }[];
}

function createIndex(
  rules: readonly CompiledRule[],
  selector: (rule: CompiledRule) => Glob | null,
): Index {
  const exact = new Map<string, CompiledRule[]>();
  const wildcards: { readonly glob: Glob; readonly rule: CompiledRule }[] = [];
  for (const rule of rules) {
    const glob = selector(rule);
    if (glob === null) continue;
    if (!glob.exact) wildcards.push({ glob, rule });
    else if (!exact.get(glob.source)?.push(rule)) exact.set(glob.source, [rule]);
  }
  return { exact, wildcards };
}

type Named = Pick<PortableSubject, "method" | "tool">;

/** What does not hold of a rule whose name fits; null where the rule is about something else. */
type RuleJudge = (rule: CompiledRule) => readonly Failure[] | null;

function collect(
  index: Index,
  name: string,
  at: string,
  judgeRule: RuleJudge,
  facts: RuleFact[],
): void {
  let unfit = 0;
  const add = (rule: CompiledRule, failed: readonly Failure[] | null) => {
    if (failed === null) return;
    if (failed.length === 0) {
      facts.push(rule.fits);
      return;
    }
    if (rule.rule.effect === "allow" && ++unfit > UNFIT_ALLOW_FACTS_MAX) return;
    facts.push({ rule: rule.rule.id, fit: false, failed });
  };

  const named = index.exact.get(name);
  if (named !== undefined) for (const rule of named) add(rule, judgeRule(rule));
  const tooLong = name.length > SELECTED_TEXT_MAX_LENGTH;
  for (const { glob, rule } of index.wildcards) {
    if (tooLong && glob.source !== "*") {
      if (judgeRule(rule) !== null) add(rule, [{ at, check: "unjudged" }]);
    } else if (glob.fits(name)) {
      add(rule, judgeRule(rule));
    }
  }
}

/** Server and URI; one that cannot be judged is told by `failuresOf`. */
function selects({ server, uri }: CompiledRule, subject: PortableSubject): boolean {
  if (server !== null && !server.fits(subject.server)) return false;
  if (uri === null) return true;
  if (subject.uri === null) return false;
  return !isPlainUri(subject.uri) || uri.fits(subject.uri);
}

/**
 * Whether a rule is about an item. An allow rule is if some call could fit it; a deny rule only if
 * every call does, for what it would deny of the others is decided when they are made.
 */
function concerns({ rule, server, uri }: CompiledRule, item: PortableItem): boolean {
  if (server !== null && !server.fits(item.server)) return false;
  const isAboutSome = rule.constraints.size > 0 || rule.session !== null;
  if (rule.effect === "deny" && isAboutSome) return false;
  if (uri === null || item.uri === null) return uri === null;
  if (item.isTemplate) {
    return rule.effect === "deny" ? fitsTemplate(uri, item.uri) : mayFitTemplate(uri, item.uri);
  }
  return uri.source === "*" || (isPlainUri(item.uri) && uri.fits(item.uri));
}

function failuresOf(
  compiled: CompiledRule,
  subject: PortableSubject,
  argumentsOf: Arguments,
): readonly Failure[] {
  const { rule, uri } = compiled;
  if (compiled.isPlain) return NO_FAILURES;
  const failures: Failure[] = [];
  if (uri !== null && uri.source !== "*" && subject.uri !== null && !isPlainUri(subject.uri)) {
    failures.push({ at: UNFIT_URI, check: "unjudged" });
  }
  failures.push(...failuresOfAll(compiled, subject));
  failures.push(...judgeSession(rule.session, subject.session ?? NO_COUNTS.session));
  for (const [name, constraint] of rule.constraints) {
    const at = `/params/arguments/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`;
    judge(constraint, argumentsOf(name), at, failures);
  }
  return failures;
}

/** What the inventory says of a tool, who vouches for what, and the host: true of every call. */
function failuresOfAll(
  { rule: { inventory, provenance, posture, effect } }: CompiledRule,
  subject: Pick<PortableSubject, "facts" | "provenance" | "posture">,
): readonly Failure[] {
  const { facts = NO_TOOL_FACTS } = subject;
  const vouched = judgeProvenance(provenance, subject.provenance ?? NO_PROVENANCE);
  const beside =
    posture === null ? vouched : [...vouched, ...judgePosture(posture, subject.posture)];
  return inventory === null ? beside : [...judgeInventory(inventory, effect, facts), ...beside];
}

const NO_PROVENANCE: Provenance = {};

/** A URI that all read alike: a dot segment may lead out of the folder that a glob names. */
function isPlainUri(uri: string): boolean {
  return uri.length <= SELECTED_TEXT_MAX_LENGTH && !hasDotSegment(uri);
}

/** The rule `validate.max_arg_bytes`, where it is broken. */
const OVER_ARGUMENT_LIMIT = fitting(MAX_ARG_BYTES_RULE);

type Arguments = (name: string) => JsonNode | undefined;

/** Looks arguments up by name, after one pass over them however many rules ask. */
function createArguments(node: JsonNode | undefined): Arguments {
  let byName: Map<string, JsonNode> | undefined;
  return (name) => {
    if (node?.kind !== "object") return undefined;
    byName ??= new Map(node.members.map(({ key, value }) => [key.value, value]));
    return byName.get(name);
  };
}

function isOver(node: JsonNode | undefined, maxBytes: number | null): boolean {
  return node !== undefined && maxBytes !== null && node.end - node.start > maxBytes;
}
