/**
 * Runs a command with everything it needs in place:
 *
 *   node scripts/with-setup.mjs [--tools envoy,opa,policy] [--when word=tool]… [--] [command args…]
 *
 * What is missing is set up first, with progress on standard error; standard output belongs to
 * the command. `--when up=envoy` sets up Envoy only if the command line holds the word `up`.
 *
 * npm scripts go through here rather than through `a && b`, because a shell caches where it found
 * `node` before the pinned one was installed. Plain JavaScript: it runs on the Node that is there.
 */

import { delimiter } from "node:path";
import { commandNotFoundCode, endLike, run } from "./setup/child.mjs";
import { ensure } from "./setup/ensure.mjs";
import { envoy } from "./setup/envoy.mjs";
import { SetupFailure, step } from "./setup/failure.mjs";
import { hadolint } from "./setup/hadolint.mjs";
import { h2load, wrk } from "./setup/load.mjs";
import { kubeconform, kustomize } from "./setup/manifests.mjs";
import { egctl, istioTranslate } from "./setup/mesh.mjs";
import { opa } from "./setup/opa.mjs";
import { otelcol } from "./setup/otelcol.mjs";
import { packages } from "./setup/packages.mjs";
import { packagesBinDirectory, toolsBinDirectory } from "./setup/paths.mjs";
import { policy } from "./setup/policy.mjs";
import { promtool } from "./setup/promtool.mjs";
import { redis } from "./setup/redis.mjs";
import { rsyslogd } from "./setup/rsyslogd.mjs";

const tools = new Map(
  [
    ...[envoy, opa, policy, rsyslogd, otelcol, promtool, redis],
    ...[kustomize, kubeconform, hadolint, wrk, h2load, egctl, istioTranslate],
  ].map((part) => [part.name, part]),
);

try {
  await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof SetupFailure)) throw error;
  step(`FAILED: ${error.message}`);
  process.exitCode = 1;
}

async function main(args) {
  const { wanted, command } = parse(args);

  await ensure(packages);
  const environment = { ...process.env, PATH: searchPath() };
  for (const name of wanted) {
    const found = await ensure(tools.get(name));
    // The command uses the very binary that was checked, wherever it came from.
    const variable = tools.get(name).variable;
    if (variable !== undefined) environment[variable] = found;
  }

  if (command.length === 0) return step("everything is in place");
  endLike(await start(command, environment));
}

/** Splits our own flags from the command; what the command line mentions may add a tool. */
function parse(args) {
  const flags = [];
  let at = 0;
  for (; args[at] === "--tools" || args[at] === "--when"; at += 2) {
    flags.push({ flag: args[at], value: args[at + 1] ?? "" });
  }
  if (args[at] === "--") at += 1;
  const command = args.slice(at);

  const wanted = new Set(flags.flatMap(({ flag, value }) => toolsFor(flag, value, command)));
  const unknown = [...wanted].find((name) => !tools.has(name));
  if (unknown !== undefined) throw new SetupFailure(`no tool is called "${unknown}"`);
  return { wanted, command };
}

function toolsFor(flag, value, command) {
  if (flag === "--tools") return value.split(",");
  const [word, tool] = value.split("=");
  return command.includes(word) ? [tool] : [];
}

function searchPath() {
  return [packagesBinDirectory, toolsBinDirectory, process.env.PATH].join(delimiter);
}

async function start([program, ...args], environment) {
  try {
    return await run(program, args, { env: environment, stdio: "inherit" });
  } catch (error) {
    if (error.code !== "ENOENT") throw error;
    step(`FAILED: the command ${program} is not there`);
    return { code: commandNotFoundCode, signal: null };
  }
}
