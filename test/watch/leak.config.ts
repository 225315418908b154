/** The suite's own configuration, for the one file that leaks. */

import { defineConfig, mergeConfig } from "vitest/config";
import base from "../../vitest.config.ts";

const own = { ...base, test: { ...base.test, include: ["test/watch/leak.fixture.ts"] } };
export default mergeConfig(own, defineConfig({ test: { maxWorkers: 1 } }));
