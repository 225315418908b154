import type { Element } from "./markup.ts";
import { removed, type Spot } from "./spot.ts";

/** Tags by which a text pretends that somebody else speaks, and what chat templates are made of. */

/** Nobody uses these as placeholders. */
const COMMANDING: ReadonlySet<string> = new Set([
  ...["important", "critical", "hidden", "hidden_instruction", "hidden_instructions", "urgent"],
  ...["system_prompt", "system_message", "system_instruction", "system_instructions", "override"],
  ...["system_reminder", "system_override", "secret_instruction", "secret_instructions", "sys"],
  ...["instructions_for_ai", "ai_instructions", "agent_instructions", "mandatory", "priority"],
  ...["tool_override"],
]);

/** These may be: what they hold decides. */
const SPEAKING: ReadonlySet<string> = new Set([
  ...["system", "assistant", "instructions", "instruction", "secret", "admin", "developer", "user"],
  ...[
    "human",
    "tool_result",
    "tool_call",
    "function_calls",
    "thinking",
    "note",
    "rules",
    "context",
  ],
]);

const TEMPLATE =
  /<[|｜][A-Za-z0-9_▁ ]{1,40}[|｜]>|\[\/?INST\]|<<\/?SYS>>|<(?:start|end)_of_turn>|<\/?tool_result>(?=\s{0,8}<)/g;

/** `commands`: whether a part of the text holds an instruction to the model. */
export function findPseudoTags(
  text: string,
  elements: readonly Element[],
  commands: (start: number, end: number) => boolean,
): readonly Spot[] {
  if (!text.includes("<") && !text.includes("[")) return [];
  const templates = Array.from(text.matchAll(TEMPLATE), ({ index, 0: { length } }) =>
    isCode(text, index, index + length)
      ? { ...pseudoTag(index, index + length), severity: "medium" as const, replacement: null }
      : pseudoTag(index, index + length),
  );
  return [...templates, ...elements.flatMap((element) => spotsOf(text, element, commands))];
}

function spotsOf(
  text: string,
  { tag: { name, start, end: tagEnd }, end, isClosed }: Element,
  commands: (start: number, end: number) => boolean,
): readonly Spot[] {
  const isCommanding = COMMANDING.has(name);
  if (!isCommanding && !SPEAKING.has(name)) return [];
  if (isClosed && commands(start, end)) {
    return [{ ...pseudoTag(start, end), kind: "instruction", replacement: removed("instruction") }];
  }
  if (!isCommanding || (!isClosed && !standsAlone(text, start))) return [];
  if (isCode(text, start, tagEnd)) return [];
  const open = { ...pseudoTag(start, tagEnd), severity: "medium" as const };
  const close = text.lastIndexOf("<", end - 1);
  return isClosed ? [open, { ...open, start: close, end }] : [open];
}

/** In backticks it is spoken about. */
function isCode(text: string, start: number, end: number): boolean {
  return text.charAt(start - 1) === "`" && text.charAt(end) === "`";
}

/** A placeholder stands in a line, or behind a slash. */
function standsAlone(text: string, start: number): boolean {
  const before = text.slice(Math.max(0, start - 32), start);
  return start === 0 || /\n[ \t]*$/.test(before) || /[.!?:][ \t]+$/.test(before);
}

function pseudoTag(start: number, end: number): Spot {
  const shared = { concern: "instructions", kind: "pseudo_tag", severity: "high" } as const;
  return { ...shared, start, end, replacement: removed("tag") };
}
