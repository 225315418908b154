import {
  type ChannelCredentials,
  credentials,
  makeGenericClientConstructor,
  type ServiceError,
  status,
} from "@grpc/grpc-js";
import { ALIVE, SERVING } from "./health.ts";
import { loadServices } from "./protocol.ts";

export interface HealthQuestion {
  /** `HOST:PORT` or `unix:/path`. */
  readonly address: string;
  /** Null: in the clear. */
  readonly tls: HealthTls | null;
  /** `ready`: whether messages can be decided; `alive`: whether anybody answers. */
  readonly about: "ready" | "alive";
  readonly deadlineMs: number;
}

/** All of it PEM. */
export interface HealthTls {
  readonly certificate: Buffer;
  readonly key: Buffer;
  readonly authority: Buffer;
  /** What the answering certificate must be made out to; null: any of that authority will do. */
  readonly serverName: string | null;
}

/** `unreachable` carries gRPC's name of the status, such as `DEADLINE_EXCEEDED`. */
export type HealthAnswer =
  | { readonly kind: "serving" }
  | { readonly kind: "not_serving" }
  | { readonly kind: "unreachable"; readonly status: string };

type Check = (
  request: { readonly service: string },
  options: { readonly deadline: number },
  reply: (error: ServiceError | null, answer?: { readonly status?: number }) => void,
) => void;

/** Asks `grpc.health.v1` once. Never rejects: whoever does not answer is `unreachable`. */
export function askHealth(question: HealthQuestion): Promise<HealthAnswer> {
  const { address, tls, about, deadlineMs } = question;
  const Client = makeGenericClientConstructor(loadServices().health, "Health");
  const client = new Client(address, credentialsOf(tls), {
    // A proxy of the environment is for the way out, not for the process next door.
    "grpc.enable_http_proxy": 0,
    // Never an address, which is no server name (RFC 6066).
    ...(tls === null ? {} : { "grpc.ssl_target_name_override": tls.serverName ?? "localhost" }),
  });
  const check = Reflect.get(client, "Check") as Check;
  const service = about === "alive" ? ALIVE : "";
  return new Promise((resolve) => {
    const deadline = Date.now() + deadlineMs;
    check.call(client, { service }, { deadline }, (error, answer) => {
      client.close();
      if (error !== null) resolve({ kind: "unreachable", status: status[error.code] ?? "UNKNOWN" });
      else resolve({ kind: answer?.status === SERVING ? "serving" : "not_serving" });
    });
  });
}

function credentialsOf(tls: HealthTls | null): ChannelCredentials {
  if (tls === null) return credentials.createInsecure();
  // The question holds no secret and is for this machine: the authority is enough, unless told.
  const verify = tls.serverName === null ? { checkServerIdentity: () => undefined } : {};
  return credentials.createSsl(tls.authority, tls.key, tls.certificate, verify);
}
