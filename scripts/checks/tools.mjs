/**
 * The tools that the checks after this one use. A missing one is a failure among others here,
 * not the end of the run: without Envoy the unit tests still have something to say.
 */

import { ensure } from "../setup/ensure.mjs";
import { envoy } from "../setup/envoy.mjs";
import { SetupFailure } from "../setup/failure.mjs";
import { opa } from "../setup/opa.mjs";
import { policy } from "../setup/policy.mjs";

export const toolsCheck = {
  title: "tools",
  async run() {
    const failures = [];
    for (const part of [envoy, opa, policy]) {
      try {
        const found = await ensure(part);
        console.log(`   ${part.name}: ${found}`);
        if (part.variable !== undefined) process.env[part.variable] = found;
      } catch (error) {
        if (!(error instanceof SetupFailure)) throw error;
        failures.push(error.message);
      }
    }
    return { passed: 0, failures };
  },
};
