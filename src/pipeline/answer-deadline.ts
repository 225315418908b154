import type { Message } from "../core/message.ts";
import type { ServerSettings } from "./dependencies.ts";

/** The shortest time that one of the tools called has; null where none has a time of its own. */
export function answerDeadlineOf(
  messages: readonly Message[],
  { toolLimits }: Pick<ServerSettings, "toolLimits">,
): number | null {
  const deadlines = messages
    .map(({ method, tool }) => (method === "tools/call" ? toolLimits(tool ?? "").timeoutMs : null))
    .filter((deadline) => deadline !== null);
  return deadlines.length === 0 ? null : Math.min(...deadlines);
}
