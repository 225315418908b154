import { decodeEndpoint, encodeAddress } from "../core/address.ts";
import { askOwnHealth } from "../server/own-health.ts";
import type { Command, Options } from "./command.ts";
import { EXIT } from "./exit-codes.ts";
import { complain, fail, misuse, say } from "./output.ts";
import { loadSettings } from "./settings.ts";

export const healthCommand: Command = {
  help: `usage: impedance health [OPTIONS]

Asks the gRPC port of a running serve for its health (grpc.health.v1). Exit code 0: it serves;
1: it does not, or nobody answers in time. For HEALTHCHECK, and for exec probes where the port is a
Unix socket. Where the port has TLS, what asks must have a certificate that may call: that of
grpc_tls if none is named, which must then be one of grpc_tls.allowed_identities.

  --config FILE       impedance.yaml, for grpc and grpc_tls
  --grpc ADDRESS      HOST:PORT or unix:/path                         [127.0.0.1:9191]
  --alive             whether anybody answers, ready or not
  --timeout-ms N      how long an answer is waited for                [2000]
  --certificate FILE  what is shown (PEM)                             [as in grpc_tls]
  --key FILE          its private key                                 [as in grpc_tls]
  --ca FILE           who may sign what the service shows             [grpc_tls.client_ca_file]
  --server-name NAME  whom its certificate must be made out to        [not looked at]

examples:
  impedance health
  impedance health --grpc unix:/run/impedance/grpc.sock --alive`,
  options: {
    ...{ config: "text", grpc: "text", alive: "flag", "timeout-ms": "text" },
    ...{ certificate: "text", key: "text", ca: "text", "server-name": "text" },
  },
  run: health,
};

const DEADLINE_MS = 2_000;

async function health(options: Options): Promise<number> {
  const settings = await loadSettings(options);
  if (!settings.ok) return fail(settings.error);
  const text = options.text("grpc");
  const grpc = text === undefined ? settings.value.grpc : decodeEndpoint(text);
  if (grpc === null) return misuse(`--grpc ${text} is neither HOST:PORT nor unix:/path`);
  const deadlineMs = millisecondsOf(options.text("timeout-ms"));
  if (deadlineMs === null) return misuse("--timeout-ms is a number from 1 to 60000");
  const answer = await askOwnHealth({
    config: { grpc, grpcTls: settings.value.grpcTls },
    about: options.flag("alive") ? "alive" : "ready",
    deadlineMs,
    certificateFile: options.text("certificate") ?? null,
    keyFile: options.text("key") ?? null,
    authorityFile: options.text("ca") ?? null,
    serverName: options.text("server-name") ?? null,
  });
  if (!answer.ok) return misuse(answer.error);
  if (answer.value.kind === "serving") {
    say("serving");
    return EXIT.ok;
  }
  const { value } = answer;
  const where = grpc.kind === "unix" ? `unix:${grpc.path}` : encodeAddress(grpc);
  complain(
    value.kind === "unreachable" ? `no answer from ${where} (${value.status})` : "not serving",
  );
  return EXIT.failed;
}

function millisecondsOf(text: string | undefined): number | null {
  if (text === undefined) return DEADLINE_MS;
  const milliseconds = /^[1-9]\d{0,4}$/.test(text) ? Number(text) : 0;
  return milliseconds >= 1 && milliseconds <= 60_000 ? milliseconds : null;
}
