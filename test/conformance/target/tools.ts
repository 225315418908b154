import { setTimeout as delay } from "node:timers/promises";

import { CONSTANT_RESULTS } from "./content.ts";
import { CHOICES_FORM, DEFAULTS_FORM, formOf, JSON_SCHEMA_2020_12 } from "./schemas.ts";
import { type Call, NO_ARGUMENTS, type TargetTool, text, type WireResult } from "./tool.ts";

/** Between two notifications, so that they are seen one by one. */
const STEP_MS = 20;
/** A client that reconnects is to find that the result came after the stream had ended. */
const AWAY_MS = 100;

/** Tools of both SDKs: what the scenarios of every revision call. */
export const TOOLS: readonly TargetTool[] = [
  ...Object.entries(CONSTANT_RESULTS).map(
    ([name, result]): TargetTool => ({
      name,
      description: "Always answers the same",
      inputSchema: NO_ARGUMENTS,
      run: async () => result,
    }),
  ),
  {
    name: "test_tool_with_logging",
    description: "Logs three times while it runs",
    inputSchema: NO_ARGUMENTS,
    run: async (_, call) => {
      for (const data of ["Tool execution started", "Tool processing data", "Tool completed"]) {
        await call.notify("notifications/message", { level: "info", data });
        await delay(STEP_MS);
      }
      return text("Tool with logging executed successfully");
    },
  },
  {
    name: "test_tool_with_progress",
    description: "Tells its progress to who asks for it",
    inputSchema: NO_ARGUMENTS,
    run: async (_, { progressToken, notify }) => {
      for (const progress of progressToken === undefined ? [] : [0, 50, 100]) {
        await notify("notifications/progress", { progressToken, progress, total: 100 });
        await delay(STEP_MS);
      }
      return text(String(progressToken ?? "nobody asked for progress"));
    },
  },
  {
    name: "test_error_handling",
    description: "Always fails",
    inputSchema: NO_ARGUMENTS,
    run: async () => ({
      ...text("This tool intentionally returns an error for testing"),
      isError: true,
    }),
  },
  {
    name: "test_reconnection",
    description: "Ends its stream, and answers whoever comes back for the rest",
    inputSchema: NO_ARGUMENTS,
    run: async (_, call) => {
      call.closeStream();
      await delay(AWAY_MS);
      return text("The stream was resumed.");
    },
  },
  {
    name: "test_sampling",
    description: "Asks the client's model",
    inputSchema: formOf("prompt", "string"),
    run: async ({ prompt }, call) => {
      const question = { role: "user", content: { type: "text", text: prompt } };
      const params = { messages: [question], maxTokens: 100 };
      const { content } = await call.ask("sampling/createMessage", params);
      return text(`LLM response: ${JSON.stringify(content)}`);
    },
  },
  {
    name: "test_elicitation",
    description: "Asks the client's user",
    inputSchema: formOf("message", "string"),
    run: ({ message }, call) => elicit(call, String(message), formOf("response", "string")),
  },
  {
    name: "test_elicitation_sep1034_defaults",
    description: "Shows a form with defaults",
    inputSchema: NO_ARGUMENTS,
    run: (_, call) => elicit(call, "Please review the form", DEFAULTS_FORM),
  },
  {
    name: "test_elicitation_sep1330_enums",
    description: "Shows a form with choices",
    inputSchema: NO_ARGUMENTS,
    run: (_, call) => elicit(call, "Please choose", CHOICES_FORM),
  },
  {
    name: "json_schema_2020_12_tool",
    description: "Has an input schema with keywords that only JSON Schema 2020-12 knows",
    inputSchema: JSON_SCHEMA_2020_12,
    run: async (args) => text(JSON.stringify(args)),
  },
];

async function elicit(call: Call, message: string, requestedSchema: object): Promise<WireResult> {
  const { action, content } = await call.ask("elicitation/create", { message, requestedSchema });
  return text(`User response: action=${action}, content=${JSON.stringify(content ?? {})}`);
}
