import { isRecord } from "../config/access.ts";
import { visible } from "./visible.ts";

interface Finding {
  readonly name: string;
  readonly ok: boolean;
  readonly detail: string;
}

export interface AdminTarget {
  readonly url: string;
  readonly token: string | null;
}

const DEADLINE_MS = 10_000;

/**
 * What a running service knows of its host, a line for each check. What policies alone are told is
 * no failure, whatever it is.
 */
export async function askPosture({ url, token }: AdminTarget): Promise<readonly Finding[]> {
  const headers = token === null ? {} : { authorization: `Bearer ${token}` };
  try {
    const signal = AbortSignal.timeout(DEADLINE_MS);
    const response = await fetch(new URL("/posture", url), { headers, signal, redirect: "error" });
    if (response.status === 401) {
      return [
        failed(
          token === null
            ? "show its token with --admin-token-file FILE"
            : "what --admin-token-file holds is not its admin_access.token",
        ),
      ];
    }
    if (response.status !== 200) return [failed(`it answers HTTP ${response.status}`)];
    const answer: unknown = await response.json();
    if (!isRecord(answer) || !Array.isArray(answer.checks))
      return [failed("it is another service")];
    return answer.checks.map(findingOf);
  } catch {
    return [failed(`no answer from ${url}`)];
  }
}

function failed(detail: string): Finding {
  return { name: "posture", ok: false, detail };
}

function findingOf(check: unknown): Finding {
  const told = isRecord(check) ? check : {};
  const text = (name: string): string => visible(String(told[name] ?? "-"));
  const state = text("state");
  const consequence = text("on_failure");
  const isOk = state === "true" || consequence === "fact";
  const what = state === "true" ? "" : ` (on_failure: ${consequence})`;
  return {
    name: `posture ${text("check")}`,
    ok: isOk,
    detail: `${state}${what}, ${text("read_from")}`,
  };
}
