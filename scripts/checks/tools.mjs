/**
 * The tools that the checks after this one use. A missing one is a failure among others here,
 * not the end of the run: without Envoy the unit tests still have something to say.
 */

import { ensure } from "../setup/ensure.mjs";
import { envoy } from "../setup/envoy.mjs";
import { SetupFailure } from "../setup/failure.mjs";
import { hadolint } from "../setup/hadolint.mjs";
import { kubeconform, kustomize } from "../setup/manifests.mjs";
import { egctl, istioTranslate } from "../setup/mesh.mjs";
import { opa } from "../setup/opa.mjs";
import { otelcol } from "../setup/otelcol.mjs";
import { policy } from "../setup/policy.mjs";
import { promtool } from "../setup/promtool.mjs";
import { redis } from "../setup/redis.mjs";
import { rsyslogd } from "../setup/rsyslogd.mjs";

/**
 * The product needs these; the others only tests do without, and say so. Manifests are checked by
 * tools that Go builds: a machine without Go can still say everything else.
 */
const needed = [envoy, opa, policy];
const receivers = [rsyslogd, otelcol, promtool, redis, kustomize, kubeconform, hadolint];
/** They take long to build (`npm run test:mesh`), and what they last said is kept: only if here. */
const translators = [egctl, istioTranslate];

export const toolsCheck = {
  title: "tools",
  async run() {
    const failures = [];
    for (const part of [...needed, ...receivers]) {
      try {
        const found = await ensure(part);
        console.log(`   ${part.name}: ${found}`);
        if (part.variable !== undefined) process.env[part.variable] = found;
      } catch (error) {
        if (!(error instanceof SetupFailure)) throw error;
        if (needed.includes(part)) failures.push(error.message);
        else console.log(`   ${part.name}: its tests are skipped: ${error.message}`);
      }
    }
    for (const part of translators) look(part);
    return { passed: 0, failures };
  },
};

function look(part) {
  const found = part.find();
  if (found !== undefined) process.env[part.variable] = found;
  console.log(`   ${part.name}: ${found ?? "its tests are skipped: see npm run test:mesh"}`);
}
