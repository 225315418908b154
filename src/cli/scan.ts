import { once } from "node:events";
import type { Direction } from "../core/message.ts";
import { createScanner, type Scanner } from "../server/scanner.ts";
import type { Command, Options } from "./command.ts";
import { linesOf } from "./lines.ts";
import { complain, fail, misuse } from "./output.ts";
import { loadSettings, SETTINGS_HELP, SETTINGS_OPTIONS } from "./settings.ts";

export const scanCommand: Command = {
  help: `usage: impedance scan [OPTIONS] < messages.jsonl

Reads JSON lines until end of input and answers each in order, as the firewall would. A line is
  {"id": …, "text": "…"}      one string, as an argument of a tool call (or as its result)
  {"id": …, "message": {…}}   a JSON-RPC message
  {"id": …, "body": "…"}      a raw HTTP body, in base64
The answer repeats id and the same key, cleaned (null where the input could not be read), and adds
allow, reasons[] and findings[]. Exit code 1 if a line had none of these forms.

  --direction DIRECTION  request (client to server) or response    [request]
  --server ID      the server that rules and findings name          [scan]
  --guards A,B     run only these guards                            [as configured]
${SETTINGS_HELP}

examples:
  echo '{"id":1,"text":"export TOKEN=ghp_…"}' | impedance scan
  impedance scan --direction response --policy policy.yaml < results.jsonl`,
  options: { ...SETTINGS_OPTIONS, direction: "text", server: "text", guards: "text" },
  run: scan,
};

async function scan(options: Options): Promise<number> {
  const direction = options.text("direction") ?? "request";
  if (!isDirection(direction)) {
    return misuse(`--direction is request or response, not ${direction}`);
  }
  const settings = await loadSettings(options);
  if (!settings.ok) return fail(settings.error);
  const scanner = await createScanner(settings.value, {
    direction,
    server: options.text("server") ?? "scan",
    guards: guardsOf(options),
    onFault: (guard, error) => complain(`guard ${guard}: ${describeFault(error)}`),
  });
  if (!scanner.ok) return fail(scanner.error);

  // Whoever reads our answers may stop early (`| head`): that is no fault.
  process.stdout.on("error", () => process.exit(0));
  return scanAll(scanner.value);
}

function guardsOf(options: Options): readonly string[] | null {
  const names = options.text("guards");
  return names === undefined ? null : names.split(",").map((name) => name.trim());
}

async function scanAll(scanner: Scanner): Promise<number> {
  let malformed = 0;
  for await (const line of linesOf(process.stdin)) {
    if (isBlank(line)) continue;
    const answer = await scanner.scan(line);
    if (!answer.ok) malformed += 1;
    const text = answer.ok ? answer.value : answer.error;
    if (!process.stdout.write(`${text}\n`)) await once(process.stdout, "drain");
  }
  return malformed === 0 ? 0 : 1;
}

/** White space of JSON, and nothing else. */
function isBlank(line: Uint8Array): boolean {
  return line.every((byte) => byte === 0x20 || byte === 0x09 || byte === 0x0d);
}

/** To whoever writes a plugin; the messages are at hand here anyway. */
function describeFault(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function isDirection(text: string): text is Direction {
  return text === "request" || text === "response";
}
