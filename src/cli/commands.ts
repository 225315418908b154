import type { Listed } from "./command.ts";

/** All that `impedance` can be asked to do. */
export const COMMANDS: readonly Listed[] = [
  {
    name: "up",
    summary: "Envoy and the firewall in front of any MCP server, in one command",
    load: async () => (await import("./up.ts")).upCommand,
  },
  {
    name: "serve",
    summary: "the gRPC service alone, for an Envoy, Istio or Envoy Gateway that you run",
    load: async () => (await import("./serve.ts")).serveCommand,
  },
  {
    name: "check",
    summary: "validate configuration, policy and bundle; exit 1 with every error",
    load: async () => (await import("./check.ts")).checkCommand,
  },
  {
    name: "scan",
    summary: "the same guards and policy without a network: JSON lines in, JSON lines out",
    load: async () => (await import("./scan.ts")).scanCommand,
  },
  {
    name: "policy",
    summary: "write, build, test, explain, replay and check policies",
    load: async () => (await import("./policy/policy.ts")).policyCommands,
  },
  {
    name: "log",
    summary: "the decision log: prove it whole, watch it, look one decision up",
    load: async () => (await import("./log.ts")).logCommands,
  },
  {
    name: "approvals",
    summary: "what rules want a person to agree to: list, approve, deny",
    load: async () => (await import("./approvals.ts")).approvalCommands,
  },
  {
    name: "doctor",
    summary: "send canaries through a live listener: is the filter really in the path?",
    load: async () => (await import("./doctor.ts")).doctorCommand,
  },
  {
    name: "health",
    summary: "ask a running service whether it is ready, as a container's health check",
    load: async () => (await import("./health.ts")).healthCommand,
  },
  {
    name: "keys",
    summary: "API keys for callers that have no identity provider",
    load: async () => (await import("./keys.ts")).keysCommands,
  },
  {
    name: "tools",
    summary: "the tools of live servers: list, pin in an inventory, and compare with it",
    load: async () => (await import("./tools-commands.ts")).toolsCommands,
  },
];

/** For `impedance serve` alone. */
export const WORKER_COMMAND: Listed = {
  name: "serve-worker",
  summary: "one worker of impedance serve, which starts it",
  load: async () => (await import("./serve-worker.ts")).serveWorkerCommand,
};
