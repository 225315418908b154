import type { ConfiguredPadding } from "../core/padding.ts";
import { assertNever } from "../core/result.ts";
import { entriesAt, isRecord } from "./access.ts";
import type { PaddingConfig } from "./config.ts";

/** The section `padding` once `schemas/config.json` has found its shape right. */
export interface RawPadding {
  readonly scheme: ConfiguredPadding["kind"];
  readonly block_bytes: number;
  readonly steps: readonly number[];
  readonly jitter_ms_max: number;
}

/** `padding: off` is short for `padding: { scheme: off }`, also in the settings of a server. */
export function expandPadding(root: unknown): void {
  const servers = entriesAt(root, ["servers"]).map(([, server]) => server);
  for (const holder of [root, ...servers]) {
    if (!isRecord(holder) || typeof holder.padding !== "string") continue;
    holder.padding = { scheme: holder.padding };
  }
}

export function buildPadding(raw: RawPadding): PaddingConfig {
  return { scheme: schemeOf(raw), jitterMaxMs: raw.jitter_ms_max };
}

/** The schemes that are not chosen may have settings all the same: a server may choose them. */
function schemeOf({ scheme, block_bytes: blockBytes, steps }: RawPadding): ConfiguredPadding {
  switch (scheme) {
    case "off":
    case "padme":
      return { kind: scheme };
    case "constant":
      return { kind: scheme, blockBytes };
    case "step": {
      const [smallest, ...larger] = steps.toSorted((one, other) => one - other);
      if (smallest === undefined) throw new Error("the steps were not checked");
      return { kind: scheme, sizes: [smallest, ...larger] };
    }
    default:
      return assertNever(scheme);
  }
}
