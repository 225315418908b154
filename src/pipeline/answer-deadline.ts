import type { Message } from "../core/message.ts";
import type { ServerSettings } from "./dependencies.ts";

/** The shortest time that one of the tools called has; null where none has a time of its own. */
export function answerDeadlineOf(
  messages: readonly Message[],
  { toolLimits }: Pick<ServerSettings, "toolLimits">,
): number | null {
  let shortest: number | null = null;
  for (const { method, tool } of messages) {
    const deadline = method === "tools/call" ? toolLimits(tool ?? "").timeoutMs : null;
    if (deadline !== null) shortest = Math.min(shortest ?? deadline, deadline);
  }
  return shortest;
}
