import { loadConfig } from "../../src/config/load-config.ts";
import type { AuthenticationSettings } from "../../src/core/authentication.ts";
import type { AuthAttempt, AuthTelemetry } from "../../src/core/identity.ts";

/** `authentication` of a configuration, as the service reads it. */
export function authenticationFrom(yaml: string, folder: string): AuthenticationSettings {
  const config = loadConfig(yaml, `${folder}/impedance.yaml`, {});
  if (!config.ok) throw new Error(JSON.stringify(config.error));
  return config.value.authentication;
}

export interface SeenAttempt extends AuthAttempt {
  readonly outcome: string;
}

/** Remembers every attempt: the code of a refusal, or `accepted`. */
export function rememberAttempts(): AuthTelemetry & { readonly attempts: SeenAttempt[] } {
  const attempts: SeenAttempt[] = [];
  return {
    attempts,
    accepted: (attempt) => attempts.push({ ...attempt, outcome: "accepted" }),
    refused: (attempt, code) => attempts.push({ ...attempt, outcome: code }),
  };
}
