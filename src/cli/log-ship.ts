import { type Reshipped, reship } from "../audit/ship/reship.ts";
import { codeOf } from "../audit/sink.ts";
import { expand } from "../audit/verify-files.ts";
import type { ShipConfig } from "../config/config.ts";
import { err, ok, type Result } from "../core/result.ts";
import { destinationOf } from "../server/open-shipping.ts";
import type { Command, Options } from "./command.ts";
import { EXIT } from "./exit-codes.ts";
import { logFiles } from "./log-files.ts";
import { complain, fail, misuse, say } from "./output.ts";
import { loadSettings, SETTINGS_HELP, SETTINGS_OPTIONS } from "./settings.ts";

export const logShipCommand: Command = {
  help: `usage: impedance log ship [FILE…] --config FILE [OPTIONS]

Sends lines of the log to a destination of audit.ship, byte for byte as they were written: what it
has missed while it was down, or while the service was. Without FILE it is the log of the
configuration, with the files that were rotated away from it. Exit code 0: all taken, 1: not all.

  --to NAME        which destination, where there are several
  --from-seq N     the first line                                   [1]
  --to-seq N       the last line                                    [the last one]
${SETTINGS_HELP}

examples:
  impedance log ship --config impedance.yaml --to siem --from-seq 4711 --to-seq 4999`,
  options: { ...SETTINGS_OPTIONS, to: "text", "from-seq": "text", "to-seq": "text" },
  takesWords: true,
  run: ship,
};

/** Nobody waits as patiently before a terminal as the service does. */
const ATTEMPTS_MAX = 6;

async function ship(options: Options): Promise<number> {
  const fromSeq = seqOf(options, "from-seq", 1);
  const toSeq = seqOf(options, "to-seq", Number.MAX_SAFE_INTEGER);
  if (fromSeq === null || toSeq === null) return misuse("--from-seq and --to-seq are numbers");
  const settings = await loadSettings(options);
  if (!settings.ok) return fail(settings.error);
  const chosen = choose(settings.value.audit.ship, options.text("to"));
  if (!chosen.ok) return misuse(chosen.error);
  const files = await logFiles(options.words, options);
  if (!files.ok) return misuse(files.error);
  const destination = destinationOf(chosen.value);
  if (!destination.ok) return fail([destination.error]);
  try {
    const { batchMaxEvents, batchMaxBytes, retryMinMs, retryMaxMs } = chosen.value;
    const found = await reship(files.value.flatMap(expand), {
      destination: destination.value,
      ...{ fromSeq, toSeq, batchMaxEvents, batchMaxBytes, retryMinMs, retryMaxMs },
      attemptsMax: ATTEMPTS_MAX,
    });
    return report(found, chosen.value.name);
  } catch (error) {
    return fail([`the log cannot be read (${codeOf(error)})`]);
  } finally {
    destination.value.close();
  }
}

function report({ lines, lastSeq, failure }: Reshipped, name: string): number {
  say(`${lines} lines to ${name}${lines === 0 ? "" : `, the last one seq ${lastSeq}`}`);
  if (failure === null) return EXIT.ok;
  complain(`${name} has not taken what follows (${failure}); go on with --from-seq ${lastSeq + 1}`);
  return EXIT.failed;
}

function choose(all: readonly ShipConfig[], name: string | undefined): Result<ShipConfig, string> {
  const names = all.map((each) => each.name).join(", ");
  if (all.length === 0) return err("the configuration has no audit.ship: give --config FILE");
  const found = all.filter((each) => name === undefined || each.name === name);
  const [only, other] = found;
  if (only === undefined) return err(`--to is one of: ${names}`);
  return other === undefined ? ok(only) : err(`which one? --to is one of: ${names}`);
}

function seqOf(options: Options, name: string, otherwise: number): number | null {
  const text = options.text(name);
  if (text === undefined) return otherwise;
  return /^[1-9]\d{0,14}$/.test(text) ? Number(text) : null;
}
