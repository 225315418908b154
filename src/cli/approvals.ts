import { APPROVALS_PATH } from "../server/approvals-http.ts";
import { ageInWords, type Listed, tableOf } from "./approvals-table.ts";
import type { Command, CommandGroup, Options } from "./command.ts";
import { EXIT } from "./exit-codes.ts";
import { fail, misuse, say } from "./output.ts";
import { loadSettings, SETTINGS_HELP, SETTINGS_OPTIONS } from "./settings.ts";

const COMMON = { ...SETTINGS_OPTIONS, admin: "text", format: "text" } as const;
const COMMON_HELP = `${SETTINGS_HELP}
  --admin URL      the service's admin port   [http:// and the configuration's admin]
  --format FORMAT  text or json               [text]

The token is the configuration's approvals.token.`;

const listCommand: Command = {
  help: `usage: impedance approvals list [OPTIONS]

${COMMON_HELP}`,
  options: COMMON,
  run: (options) => {
    if (options.words.length > 0) return misused("list takes no words");
    return speak(options, "GET", "", undefined, (answer) => tableOf(answer as Listed));
  },
};

const approveCommand: Command = {
  help: `usage: impedance approvals approve ID [OPTIONS]

Agrees to just this request of this caller: the same session, server, name and arguments, under the
policy that asked. Rules may take less than is agreed to here.

  --calls N        so many requests           [what the rule says, or 1]
  --minutes T      for so long                [what the rule says, or 15]
  --any-arguments  the same tool, whatever its arguments

${COMMON_HELP}`,
  options: { ...COMMON, calls: "text", minutes: "text", "any-arguments": "flag" },
  takesWords: true,
  run: (options) => {
    const [calls, minutes] = [countOf(options, "calls"), countOf(options, "minutes")];
    if (Number.isNaN(calls)) return misused("--calls is a whole number from 1");
    if (Number.isNaN(minutes)) return misused("--minutes is a whole number from 1");
    const word = { calls, minutes, any_arguments: options.flag("any-arguments") };
    return actOn("approve", options, word, ({ calls_left, ends_in_s }) => {
      const requests = calls_left === 1 ? "1 request" : `${calls_left} requests`;
      return `approved: ${requests}, for ${ageInWords(ends_in_s)}`;
    });
  },
};

const denyCommand: Command = {
  help: `usage: impedance approvals deny ID [OPTIONS]

${COMMON_HELP}`,
  options: COMMON,
  takesWords: true,
  run: (options) => actOn("deny", options, {}, () => "denied"),
};

export const approvalCommands: CommandGroup = {
  help: `usage: impedance approvals COMMAND [OPTIONS]

A rule with \`approve\` denies until a person agrees; the denial names an id. docs/policy.md tells more.`,
  commands: [
    {
      name: "list",
      summary: "what waits for an answer, and what was agreed to",
      load: async () => listCommand,
    },
    {
      name: "approve",
      summary: "agree: the caller sends the same request again, and it passes",
      load: async () => approveCommand,
    },
    {
      name: "deny",
      summary: "say no, or take back what was agreed to",
      load: async () => denyCommand,
    },
  ],
};

/** NaN for what is no count. */
function countOf(options: Options, name: string): number | null {
  const text = options.text(name);
  if (text === undefined) return null;
  return /^[1-9][0-9]{0,5}$/.test(text) ? Number(text) : Number.NaN;
}

interface Acted {
  readonly calls_left: number;
  readonly ends_in_s: number;
}

function actOn(
  action: "approve" | "deny",
  options: Options,
  word: object,
  inWords: (answer: Acted) => string,
): Promise<number> {
  const [id, ...rest] = options.words;
  if (id === undefined || rest.length > 0) {
    return misused(`which one? impedance approvals ${action} ID`);
  }
  if (!/^[\w-]{1,128}$/.test(id)) return misused(`${id} is no id of an approval`);
  return speak(options, "POST", `/${id}/${action}`, word, (answer) => inWords(answer as Acted));
}

async function misused(error: string): Promise<number> {
  return misuse(error);
}

const DEADLINE_MS = 10_000;

/** Asks the running service; what it answers is shown as it is, or `inWords`. */
async function speak(
  options: Options,
  method: string,
  path: string,
  body: object | undefined,
  inWords: (answer: unknown) => string,
): Promise<number> {
  const format = options.text("format") ?? "text";
  if (format !== "text" && format !== "json") {
    return misuse(`--format is text or json, not ${format}`);
  }
  const config = await loadSettings(options);
  if (!config.ok) return fail(config.error);
  const { approvals, admin } = config.value;
  if (approvals.token === null) {
    return misuse(
      "the configuration has no approvals.token; --config FILE names the gateway's own",
    );
  }
  const host = admin.host.includes(":") ? `[${admin.host}]` : admin.host;
  const base = options.text("admin") ?? `http://${host}:${admin.port}`;
  const url = URL.parse(`${base.replace(/\/$/, "")}${APPROVALS_PATH}${path}`);
  if (url === null) return misuse(`--admin ${base} is no URL`);
  const token = Buffer.from(approvals.token.reveal()).toString("utf8");
  try {
    const response = await fetch(url, {
      method,
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      redirect: "error",
      signal: AbortSignal.timeout(DEADLINE_MS),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const answer: unknown = await response.json();
    if (!response.ok) return fail([errorOf(answer, response.status)]);
    say(format === "json" ? JSON.stringify(answer) : inWords(answer));
    return EXIT.ok;
  } catch {
    return fail([
      `no answer from ${url.origin}: is the service running, and is that its admin port?`,
    ]);
  }
}

function errorOf(answer: unknown, status: number): string {
  const isTold = typeof answer === "object" && answer !== null && "error" in answer;
  return isTold ? String(answer.error) : `HTTP ${status}`;
}
