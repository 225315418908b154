import { createReadStream } from "node:fs";
import type { Group } from "../../server/workbench/replay/groups.ts";
import { type Replay, replayLog } from "../../server/workbench/replay/replay.ts";
import type { Command, Options } from "../command.ts";
import { readAnalystKey } from "../log-analyst.ts";
import { misuse, say } from "../output.ts";
import { FORMAT_HELP, failAs, formatOf } from "./format.ts";
import { loadPolicySettings, POLICY_HELP, POLICY_OPTIONS } from "./settings.ts";

export const replayCommand: Command = {
  help: `usage: impedance policy replay LOG… --policy NEW [OPTIONS]

Decides every line of a decision log anew (- is standard input) and tells what would differ, grouped
by server, method, tool and reason, with the first decision ids of each group. The log holds facts
and no values: selectors (server, tool, method) and everything that Layer 1 found are judged again;
a constraint on an argument whose value is not there is undecidable, unless the outcome is the same
either way. What the firewall itself refused stays refused and is only counted; what redact would
mask anew is not seen. Files of any size are read line by line.

Exit code 0: nothing would differ. 1: something would, or no decision could be read.

  --analyst-key FILE  opens arguments that were kept for its owner (audit.analyst_key)
  --strict         exit 1 too if a decision is undecidable, denied for another reason, or unreadable
${POLICY_HELP}
${FORMAT_HELP}

examples:
  impedance policy replay decisions.jsonl --policy new.yaml
  impedance policy replay decisions.jsonl --policy new.yaml --bundle new.tar.gz --strict`,
  options: { ...POLICY_OPTIONS, "analyst-key": "text", strict: "flag" },
  takesWords: true,
  run: replay,
};

async function replay(options: Options): Promise<number> {
  const format = formatOf(options);
  if (!format.ok) return misuse(format.error);
  if (options.words.length === 0)
    return misuse("name the decision log: impedance policy replay LOG");
  const named = ["policy", "bundle", "config"].some((name) => options.text(name) !== undefined);
  if (!named) return misuse("--policy NEW (or --bundle, or --config) says what is to decide");
  const config = await loadPolicySettings(options);
  if (!config.ok) return failAs(format.value, config.error);
  const analyst = await readAnalystKey(options);
  if (!analyst.ok) return misuse(analyst.error);
  const read: { problem: string | null } = { problem: null };
  const replayed = await replayLog(linesOf(options.words, read), config.value, analyst.value);
  if (!replayed.ok) return failAs(format.value, replayed.error);
  if (read.problem !== null) return failAs(format.value, [read.problem]);
  if (replayed.value.decisions === 0) {
    return failAs(format.value, ["the log holds no decision: is it the one of audit.file?"]);
  }
  const isOk = passes(replayed.value, options.flag("strict"));
  if (format.value === "json") say(JSON.stringify({ ok: isOk, ...replayed.value }));
  else say(describe(replayed.value));
  return isOk ? 0 : 1;
}

function passes(replayed: Replay, isStrict: boolean): boolean {
  const { different, undecidable, other_reason, unreadable } = replayed;
  return different === 0 && (!isStrict || undecidable + other_reason + unreadable === 0);
}

/** The bytes of files, one after the other, with a line break between two. */
async function* linesOf(
  files: readonly string[],
  read: { problem: string | null },
): AsyncGenerator<Uint8Array> {
  for (const file of files) {
    try {
      const stream: AsyncIterable<Uint8Array> =
        file === "-" ? process.stdin : createReadStream(file);
      for await (const chunk of stream) yield chunk;
      yield Buffer.from("\n");
    } catch {
      read.problem = `${file}: cannot be read`;
      return;
    }
  }
}

function describe(replayed: Replay): string {
  const { decisions, same, different, other_reason, undecidable, not_by_policy, unreadable } =
    replayed;
  const counts = [
    `${decisions} decisions: ${same} the same, ${different} different`,
    `${undecidable} undecidable`,
    `${other_reason} denied for another reason`,
    `${not_by_policy} not by the policy`,
    ...(unreadable === 0 ? [] : [`${unreadable} unreadable lines`]),
  ];
  return [...replayed.groups.map(describeGroup), counts.join(", ")].join("\n");
}

function describeGroup(group: Group): string {
  const { kind, server, method, tool, from, to, reason, count, examples } = group;
  const what = [method ?? "(no method)", ...(tool === null ? [] : [tool])].join(" ");
  const why = kind === "undecidable" ? `the log does not hold ${reason}` : reason;
  const change = kind === "other_reason" ? "deny, other reason" : `${from} → ${to}`;
  return `${count} × ${server} ${what}: ${change}: ${why}; ${examples.join(" ")}`;
}
