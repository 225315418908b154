/**
 * `npm run demo`: an agent, built on the official SDK, against the demonstration that `npm start`
 * runs. It shows of each step what the agent sends, what the server saw and what the agent sees.
 *
 *   node demo/agent.ts [--state FOLDER]
 *
 * Exit code 0: every step went as it should. Colours only where a terminal shows them.
 */

import { parseArgs } from "node:util";

import { complain, hasColor, say } from "../src/cli/output.ts";
import { connectAgent } from "./agent-client.ts";
import { findState, STATE_FOLDER } from "./state.ts";
import { stepsFor } from "./steps.ts";
import { createTranscript } from "./transcript.ts";

const NOT_RUNNING = "no demonstration runs here: start it with `npm start`, and leave it running";

process.exitCode = await main();

async function main(): Promise<number> {
  const { values } = parseArgs({ options: { state: { type: "string", default: STATE_FOLDER } } });
  const state = await findState(values.state);
  if (state === null) {
    complain(NOT_RUNNING);
    return 1;
  }
  const { everything, files } = state.urls;
  if (everything === undefined || files === undefined) {
    complain("the demonstration is still starting: try again in a moment");
    return 1;
  }

  const transcript = createTranscript({ color: hasColor(process.stdout), say });
  await using agent = await connectAgent({ everything, files }, state.recorder);
  let failed = 0;
  const steps = stepsFor(state.project);
  for (const [index, step] of steps.entries()) {
    const shown = await agent.take(step);
    const problem = step.problem(shown);
    transcript.step(index + 1, step, shown, problem);
    if (problem !== null) failed += 1;
  }
  transcript.end(steps.length, failed);
  return failed === 0 ? 0 : 1;
}
