/**
 * `npm start`: two real MCP servers, Envoy and the firewall in front of them, on this machine.
 *
 *   node demo/start.ts [--state FOLDER]
 *
 * The configuration is demo/impedance.yaml; `IMPEDANCE_…` variables override it as ever. FOLDER
 * (.impedance) holds the decision log, and for `npm run demo` the addresses of this run.
 */

import { join } from "node:path";
import { parseArgs } from "node:util";

import { complain, say } from "../src/cli/output.ts";
import { untilSignal } from "../src/cli/signals.ts";
import { type Running, startUp } from "../src/cli/up.ts";
import type { Config } from "../src/config/config.ts";
import { banner } from "./banner.ts";
import { type Cleanup, createCleanup } from "./cleanup.ts";
import { startEverything } from "./everything.ts";
import { createProject } from "./project.ts";
import { startRecorder } from "./recorder.ts";
import { FILESYSTEM_SCRIPT } from "./servers.ts";
import { configForRun, freeAddress, loadDemoConfig } from "./settings.ts";
import { type Claim, claimState, STATE_FOLDER } from "./state.ts";
import { startStdioBridge } from "./stdio-bridge.ts";

process.exitCode = await main();

async function main(): Promise<number> {
  const signal = untilSignal();
  const cleanup = createCleanup();
  try {
    const { values } = parseArgs({ options: { state: { type: "string", default: STATE_FOLDER } } });
    const ended = await run(values.state, signal, cleanup);
    if (ended !== null) complain(`${ended} ended by itself`);
    return ended === null ? 0 : 1;
  } catch (error) {
    complain(error instanceof Error ? error.message : String(error));
    return 1;
  } finally {
    await cleanup.run();
  }
}

/** Starts everything and waits; null: we were asked to end, else what ended unasked. */
async function run(
  state: string,
  signal: Promise<unknown>,
  cleanup: Cleanup,
): Promise<string | null> {
  const file = await loadDemoConfig();
  const recorder = await startRecorder();
  cleanup.add(() => recorder.stop());
  const unpublished = { pid: process.pid, recorder: recorder.url, urls: {}, project: "" };
  const claim = await claimState(state, unpublished);
  cleanup.add(() => claim.release());

  const project = await createProject();
  cleanup.add(() => project.remove());
  const everything = await startEverything();
  cleanup.add(() => everything.stop());
  const files = await startStdioBridge({
    command: process.execPath,
    args: [FILESYSTEM_SCRIPT, project.folder],
  });
  cleanup.add(() => files.stop());

  const urls = new Map<string, string>();
  for (const [id, { url }] of Object.entries({ everything, files })) {
    urls.set(id, await recorder.tap(id, url));
  }
  const logFile = logFileOf(state, claim);
  const config = configForRun(await withFreePorts(file), {
    urls,
    project: project.folder,
    logFile,
  });
  const { admin, envoy, urls: clientUrls } = await start(config, cleanup);

  const ids = [...config.servers.keys()];
  const byServer = Object.fromEntries(ids.map((id, at) => [id, clientUrls[at] ?? ""]));
  const published = { ...unpublished, urls: byServer, project: project.folder };
  await claim.publish(published);
  say(banner({ ...published, config, admin, demoCommand: demoCommand(state) }));

  return Promise.race([
    signal.then(() => null),
    envoy.exited.then(() => "Envoy"),
    everything.exited.then(() => "server-everything"),
  ]);
}

async function start(config: Config, cleanup: Cleanup): Promise<Running> {
  const running = await startUp(config, "text");
  if (!running.ok) throw new Error(running.error.errors.join("\n"));
  // The way in is closed first, and the service lets open exchanges finish.
  cleanup.add(async () => void (await running.value.service.stop()));
  cleanup.add(() => running.value.envoy.stop());
  return running.value;
}

async function withFreePorts(config: Config): Promise<Config> {
  return {
    ...config,
    listen: await freeAddress(config.listen, "where agents connect", complain),
    admin: await freeAddress(config.admin, "health and metrics", complain),
  };
}

function demoCommand(state: string): string {
  return state === STATE_FOLDER ? "npm run demo" : `npm run demo -- --state ${state}`;
}

/** Two demonstrations never write to one log. */
function logFileOf(state: string, { suffix }: Claim): string {
  return join(state, `decisions${suffix}.jsonl`);
}
