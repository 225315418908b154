import type { Secret } from "../../config/config.ts";
import type { AdminRoute } from "../../telemetry/admin.ts";
import { digest, showsToken } from "../../telemetry/admin-access.ts";
import type { LivePosture } from "./start.ts";

const POSTURE_PATH = "/posture";

/** `GET /posture`: every check, what was found and where, for whoever may ask for all else here. */
export function createPostureRoute(
  token: Secret | null,
  posture: Pick<LivePosture, "checks">,
): AdminRoute {
  const expected = token === null ? null : digest(token.reveal());
  return {
    path: POSTURE_PATH,
    answer({ method, path, authorization }) {
      if (expected !== null && !showsToken(authorization, expected)) {
        return says(401, "the token is missing or wrong");
      }
      if (path !== POSTURE_PATH) return says(404, "there is /posture");
      if (method !== "GET" && method !== "HEAD") return says(405, "use GET");
      const checks = posture.checks().map(({ group, name, state, readFrom, onFailure }) => {
        return { check: `${group}.${name}`, state, read_from: readFrom, on_failure: onFailure };
      });
      return json(200, { checks });
    },
  };
}

function says(status: number, error: string) {
  return json(status, { error });
}

function json(status: number, value: unknown) {
  const contentType = "application/json; charset=utf-8";
  return { status, contentType, body: JSON.stringify(value) };
}
