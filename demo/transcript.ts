import { styleText } from "node:util";

import { codeOf, type Shown, type Step } from "./steps.ts";

/** What a person reads of the demonstration. */
export interface Transcript {
  step(number: number, step: Step, shown: Shown, problem: string | null): void;
  end(steps: number, failed: number): void;
}

export interface TranscriptOptions {
  readonly color: boolean;
  readonly say: (text: string) => void;
}

type Style = Parameters<typeof styleText>[0];

const RULE_COLUMNS = 78;
const LINES_MAX = 8;
const LINE_MAX_CHARACTERS = 220;

export function createTranscript({ color, say }: TranscriptOptions): Transcript {
  const paint = (style: Style, text: string) =>
    color ? styleText(style, text, { validateStream: false }) : text;
  const rows = (label: string, style: Style, text: string): void => {
    for (const [index, line] of linesOf(text).entries()) {
      const name = index === 0 ? label : "";
      say(`   ${paint("dim", name.padEnd(13))}${paint(style, line)}`);
    }
  };

  return {
    step(number, { title, server, sent, holds }, shown, problem) {
      const head = `── ${number}. ${title} `;
      say(paint("bold", `${head.padEnd(RULE_COLUMNS - server.length - 1, "─")} ${server}`));
      rows("agent sends", "cyan", sent);
      rows("server saw", "yellow", shown.saw.map(request).join("\n") || "nothing");
      if (holds !== undefined) rows("file holds", "yellow", holds);
      rows("agent sees", shown.error === null ? "green" : "red", answerOf(shown));
      if (problem !== null) rows("WRONG", "red", problem);
      say("");
    },
    end(steps, failed) {
      if (failed > 0) say(paint("red", `${failed} of ${steps} steps did not go as they should.`));
      else say(paint("green", `All ${steps} steps went as they should.`));
    },
  };
}

/** `method params`, as far as a person wants to know. */
function request(body: string): string {
  try {
    const { method, params } = JSON.parse(body) as { method?: unknown; params?: Params };
    if (method !== "tools/call" || params === undefined) return String(method);
    return `tools/call ${params.name} ${JSON.stringify(params.arguments)}`;
  } catch {
    return body;
  }
}

interface Params {
  readonly name?: string;
  readonly arguments?: unknown;
}

function answerOf({ answer, error }: Shown): string {
  if (error !== null) {
    const code = codeOf(error.data);
    return code === "" ? error.message : `refused, ${code}\n${error.message}`;
  }
  const texts = textsOf(answer);
  if (texts !== null) return texts;
  if (Array.isArray(answer)) return `${answer.length} tools: ${answer.join(", ")}`;
  return isNamed(answer) ? `${answer.name} ${answer.version}` : JSON.stringify(answer);
}

/** How a server introduces itself. */
function isNamed(value: unknown): value is { readonly name: string; readonly version: string } {
  return typeof value === "object" && value !== null && "name" in value && "version" in value;
}

/** The text of a tool's result; null for anything else. */
function textsOf(answer: unknown): string | null {
  if (typeof answer !== "object" || answer === null || !("content" in answer)) return null;
  const parts = answer.content as readonly { readonly text?: string }[];
  return parts.map(({ text }) => text ?? "(no text)").join("\n");
}

function linesOf(text: string): string[] {
  const lines = text.trimEnd().split("\n").slice(0, LINES_MAX);
  return lines.map((line) =>
    line.length > LINE_MAX_CHARACTERS ? `${line.slice(0, LINE_MAX_CHARACTERS)}…` : line,
  );
}
