import {
  acceptedContent,
  CLIENT_CAPABILITIES_META_KEY,
  type ClientCapabilities,
  createRequestStateCodec,
  type InputRequests,
  inputRequired,
  type ServerContext,
} from "@modelcontextprotocol/server";

import { formOf } from "./schemas.ts";
import { text } from "./tool.ts";

/** What a round of a tool may answer: a result, or what it wants to know before. */
type Round = ReturnType<typeof inputRequired> | ReturnType<typeof text>;

/** A tool of revision 2026-07-28 that asks by its result, and is called again with the answers. */
export interface AskingTool {
  readonly name: string;
  readonly description: string;
  run(context: ServerContext): Round | Promise<Round>;
}

interface State {
  readonly round: number;
}

/** Seals the state that goes to the client and comes back, so that a forged one is refused. */
export const requestStates = createRequestStateCodec<State>({
  key: crypto.getRandomValues(new Uint8Array(32)),
});

const ASK_NAME = elicitation("What is your name?", "name", "string");
const ASK_CONFIRMATION = elicitation("Please confirm", "ok", "boolean");
const ASK_MODEL = inputRequired.createMessage({
  messages: [{ role: "user", content: { type: "text", text: "What is the capital of France?" } }],
  maxTokens: 100,
});
const ASK_ROOTS = inputRequired.listRoots();

export const ASKING_TOOLS: readonly AskingTool[] = [
  {
    name: "test_input_required_result_elicitation",
    description: "Asks for a name until it gets one",
    run: askForName,
  },
  askOnce("test_input_required_result_sampling", { capital_question: ASK_MODEL }),
  askOnce("test_input_required_result_list_roots", { client_roots: ASK_ROOTS }),
  askOnce("test_missing_capability", { llm_answer: ASK_MODEL }),
  askForConfirmation("test_input_required_result_request_state"),
  askForConfirmation("test_input_required_result_tampered_state"),
  {
    name: "test_input_required_result_multiple_inputs",
    description: "Asks for three things at once",
    run: async ({ mcpReq }) => {
      const wanted = { user_name: ASK_NAME, greeting: ASK_MODEL, client_roots: ASK_ROOTS };
      const given = mcpReq.inputResponses ?? {};
      if (Object.keys(wanted).every((key) => given[key] !== undefined)) return text("all there");
      return inputRequired({ inputRequests: wanted, requestState: await mint(0) });
    },
  },
  {
    name: "test_input_required_result_multi_round",
    description: "Asks twice, one thing after the other",
    run: async ({ mcpReq }) => {
      const round = mcpReq.requestState<State>()?.round ?? 0;
      if (round >= 2) return text("Multi-round complete");
      const inputRequests =
        round === 0
          ? { step1: elicitation("Step 1: your name?", "name", "string") }
          : { step2: elicitation("Step 2: your favourite colour?", "color", "string") };
      return inputRequired({ inputRequests, requestState: await mint(round + 1) });
    },
  },
  {
    name: "test_input_required_result_capabilities",
    description: "Asks only for what the client says it can give",
    run: ({ mcpReq }) => {
      const declared = declaredBy(mcpReq.envelope);
      const inputRequests: InputRequests = {
        ...(declared.elicitation && { user_name: ASK_NAME }),
        ...(declared.sampling && { greeting: ASK_MODEL }),
        ...(declared.roots && { client_roots: ASK_ROOTS }),
      };
      if (mcpReq.inputResponses !== undefined) return text("answered");
      if (Object.keys(inputRequests).length === 0) return text("nothing to ask for");
      return inputRequired({ inputRequests });
    },
  },
];

/** Asks for a name until it gets one. */
export function askForName(context: ServerContext): Round {
  const name = answered(context, "user_name")?.name;
  if (typeof name === "string") return text(`Hello, ${name}!`);
  return inputRequired({ inputRequests: { user_name: ASK_NAME } });
}

/** The prompt that asks: what it wants to know first, or null once it knows. */
export function askForContext(context: ServerContext) {
  const known = answered(context, "user_context")?.context;
  if (typeof known === "string") return null;
  const user_context = elicitation("What context should the prompt use?", "context", "string");
  return inputRequired({ inputRequests: { user_context } });
}

function askOnce(name: string, inputRequests: InputRequests): AskingTool {
  const keys = Object.keys(inputRequests);
  return {
    name,
    description: "Asks one thing",
    run: ({ mcpReq }) => {
      const given = keys.map((key) => mcpReq.inputResponses?.[key]);
      if (given.includes(undefined)) return inputRequired({ inputRequests });
      return text(`Answered: ${JSON.stringify(given)}`);
    },
  };
}

function askForConfirmation(name: string): AskingTool {
  return {
    name,
    description: "Asks for a confirmation, and wants its sealed state back",
    run: async (context) => {
      const isBack = context.mcpReq.requestState<State>() !== undefined;
      if (isBack && answered(context, "confirm")) return text("state-ok");
      return inputRequired({
        inputRequests: { confirm: ASK_CONFIRMATION },
        requestState: await mint(0),
      });
    },
  };
}

function answered({ mcpReq }: ServerContext, key: string) {
  return acceptedContent(mcpReq.inputResponses, key);
}

function declaredBy(envelope: ServerContext["mcpReq"]["envelope"]): ClientCapabilities {
  // The SDK types the envelope as an empty object, and has checked its members by now.
  return (
    (envelope as { readonly [CLIENT_CAPABILITIES_META_KEY]?: ClientCapabilities } | undefined)?.[
      CLIENT_CAPABILITIES_META_KEY
    ] ?? {}
  );
}

function mint(round: number): Promise<string> {
  return requestStates.mint({ round });
}

function elicitation(message: string, member: string, type: "string" | "boolean") {
  const requestedSchema = formOf(member, type);
  return inputRequired.elicit({ message, requestedSchema } as Parameters<
    typeof inputRequired.elicit
  >[0]);
}
