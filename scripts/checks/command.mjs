/** A check that is one command: its exit code decides, its output goes to the reader. */

import { run } from "../setup/child.mjs";
import { root } from "../setup/paths.mjs";

export function command(title, program, args) {
  return {
    title,
    async run() {
      const { code, signal } = await run(program, args, { cwd: root, stdio: ["ignore", 1, 2] });
      if (code === 0) return { passed: 1, failures: [] };
      const ending = signal === null ? `exit code ${code}` : `ended by ${signal}`;
      return { passed: 0, failures: [`${[program, ...args].join(" ")}: ${ending}`] };
    },
  };
}
