import { RISKS, type Risk, type SideEffect } from "../core/inventory.ts";

/** What a tool's own words let expect. A guess: the server chose the words. */
export interface Guess {
  readonly risk: Risk | null;
  readonly sideEffects: readonly SideEffect[] | null;
}

/** A rule fits with a verb in the tool's name, and a noun there or among its arguments' names. */
interface Rule {
  readonly effect: SideEffect;
  /** Null: any. */
  readonly verbs: RegExp | null;
  /** Null: any. */
  readonly nouns: RegExp | null;
}

const READ = /^(?:read|get|list|search|find|show|view|tree|stat|info|head|tail|cat|grep|glob)$/;
const WRITE =
  /^(?:write|edit|create|update|put|save|append|move|rename|copy|insert|replace|patch|modify|set|add|upload|mkdir)$/;
const DELETE = /^(?:delete|remove|rm|unlink|purge|drop|erase|clear|rmdir|destroy)$/;
const FILE = /^(?:files?|filename|director(?:y|ies)|dirs?|folders?|paths?|filepath)$/;
const RECORD =
  /^(?:sql|databases?|db|tables?|rows?|records?|collections?|documents?|quer(?:y|ies))$/;

const RULES: readonly Rule[] = [
  {
    effect: "CODE_EXECUTION",
    verbs: /^(?:exec|execute|eval|run|shell|bash|sh|python|repl|notebook)$/,
    nouns: null,
  },
  { effect: "CODE_EXECUTION", verbs: null, nouns: /^(?:command|commands|cmd|code|script|shell)$/ },
  {
    effect: "PROCESS_CONTROL",
    verbs: /^(?:kill|spawn|restart|start|stop|signal)$/,
    nouns: /^(?:process|processes|pid|service|daemon|job)$/,
  },
  { effect: "FS_READ", verbs: READ, nouns: FILE },
  { effect: "FS_WRITE", verbs: WRITE, nouns: FILE },
  { effect: "FS_DELETE", verbs: DELETE, nouns: FILE },
  {
    effect: "DATABASE_READ",
    verbs: /^(?:read|get|select|query|find|search|list|fetch)$/,
    nouns: RECORD,
  },
  {
    effect: "DATABASE_WRITE",
    verbs: /^(?:insert|upsert|update|write|delete|drop|alter|execute)$/,
    nouns: RECORD,
  },
  {
    effect: "NETWORK_EGRESS",
    verbs: /^(?:fetch|http|post|download|upload|curl|wget|webhook|proxy|ping)$/,
    nouns: null,
  },
  { effect: "NETWORK_EGRESS", verbs: null, nouns: /^(?:url|urls|uri|webhook|host|hostname)$/ },
  {
    effect: "NETWORK_INGRESS",
    verbs: /^(?:fetch|download|crawl|scrape|browse|web|rss|feed|curl|wget)$/,
    nouns: null,
  },
  {
    effect: "CREDENTIAL_ACCESS",
    verbs: /^(?:secrets?|credentials?|passwords?|tokens?|keys?|vault|env|certificates?|login)$/,
    nouns: null,
  },
  {
    effect: "IDENTITY_MANAGEMENT",
    verbs: /^(?:create|add|update|delete|remove|grant|revoke|assign|invite|reset)$/,
    nouns: /^(?:users?|accounts?|roles?|permissions?|members?|groups?)$/,
  },
  {
    effect: "SYSTEM_CONFIGURATION",
    verbs: /^(?:set|update|configure|change|enable|disable|toggle)$/,
    nouns: /^(?:config|configuration|settings?|preferences?|options?|logging|level|registry)$/,
  },
  {
    effect: "PACKAGE_INSTALLATION",
    verbs: /^(?:install|uninstall|upgrade)$/,
    nouns: null,
  },
  {
    effect: "INFRASTRUCTURE_CHANGE",
    verbs: /^(?:deploy|provision|scale|terraform|kubectl|apply|rollback|destroy)$/,
    nouns: null,
  },
  {
    effect: "SOURCE_CONTROL",
    verbs: /^(?:git|commit|push|merge|branch|rebase|issue|issues|pr|review)$/,
    nouns: null,
  },
  {
    effect: "MESSAGING",
    verbs: /^(?:send|reply|notify|publish|post|email|sms|slack|tweet)$/,
    nouns: /^(?:mail|emails?|messages?|sms|slack|chat|channels?|notifications?|recipients?|tweet)$/,
  },
  {
    effect: "PAYMENT",
    verbs:
      /^(?:pay|payments?|charge|refund|purchase|buy|order|checkout|invoice|transfer|subscribe)$/,
    nouns: null,
  },
  {
    effect: "SCHEDULING",
    verbs: /^(?:schedule|cron|remind|reminder|calendar|event|delay)$/,
    nouns: null,
  },
  {
    effect: "USER_INTERFACE",
    verbs: /^(?:click|type|screenshot|navigate|browser|mouse|keyboard|clipboard|scroll|hover)$/,
    nouns: null,
  },
  {
    effect: "MEMORY_WRITE",
    verbs: /^(?:remember|memorize|memorise|memory|memories|observations?|entities|relations?)$/,
    nouns: null,
  },
  {
    effect: "MODEL_INVOCATION",
    verbs: /^(?:llm|sample|sampling|prompt|completion|agent|ask|model|generate)$/,
    nouns: null,
  },
];

const RISK_OF: { readonly [effect in SideEffect]: Risk } = {
  CODE_EXECUTION: "critical",
  PROCESS_CONTROL: "high",
  FS_READ: "medium",
  FS_WRITE: "high",
  FS_DELETE: "high",
  DATABASE_READ: "medium",
  DATABASE_WRITE: "high",
  NETWORK_EGRESS: "high",
  NETWORK_INGRESS: "medium",
  CREDENTIAL_ACCESS: "critical",
  IDENTITY_MANAGEMENT: "critical",
  SYSTEM_CONFIGURATION: "high",
  PACKAGE_INSTALLATION: "critical",
  INFRASTRUCTURE_CHANGE: "critical",
  SOURCE_CONTROL: "high",
  MESSAGING: "high",
  PAYMENT: "critical",
  SCHEDULING: "medium",
  USER_INTERFACE: "high",
  MEMORY_WRITE: "medium",
  MODEL_INVOCATION: "medium",
};

/** Guesses from canonical JSON text of a definition; null where its words say nothing. */
export function guessTool(definition: string): Guess {
  const tool: unknown = JSON.parse(definition);
  const name = wordsOf(memberOf(tool, "name"));
  const all = [...name, ...argumentsOf(tool).flatMap((argument) => wordsOf(argument))];
  const fits = ({ verbs, nouns }: Rule) =>
    (verbs === null || name.some((word) => verbs.test(word))) &&
    (nouns === null || all.some((word) => nouns.test(word)));
  const effects = [...new Set(RULES.filter(fits).map(({ effect }) => effect))];
  const hints = memberOf(tool, "annotations");
  const isDestructive = memberOf(hints, "destructiveHint") === true;
  const risks = effects.map((effect) => RISKS.indexOf(RISK_OF[effect]));
  if (isDestructive) risks.push(RISKS.indexOf("high"));
  const risk = risks.length === 0 ? null : (RISKS[Math.max(...risks)] ?? null);
  return { risk, sideEffects: effects.length === 0 ? null : effects };
}

function memberOf(value: unknown, key: string): unknown {
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return undefined;
  return new Map<string, unknown>(Object.entries(value)).get(key);
}

const ARGUMENTS_MAX = 256;

function argumentsOf(tool: unknown): readonly string[] {
  const properties = memberOf(memberOf(tool, "inputSchema"), "properties");
  if (typeof properties !== "object" || properties === null) return [];
  return Object.keys(properties).slice(0, ARGUMENTS_MAX);
}

/** `readTextFile` and `read-text_file` are read, text, file. */
function wordsOf(name: unknown): readonly string[] {
  if (typeof name !== "string") return [];
  const parted = name.slice(0, 256).replace(/([a-z0-9])(?=[A-Z])/g, "$1 ");
  return parted.toLowerCase().split(/[^a-z0-9]+/);
}
