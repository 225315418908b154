import { type JsonNode, member } from "../core/json.ts";
import { type Message, REVISIONS } from "../core/message.ts";
import type { RefusalCode } from "../decision/refusals.ts";
import { cut } from "../mcp/json/cut.ts";
import { replaceNode, type Splice } from "../mcp/json/splice.ts";
import { isRevision, NEWEST_WITH_HANDSHAKE } from "../mcp/revision/revisions.ts";

/** What keeps both sides to revisions that can be read in between. */
export interface Ceiling {
  readonly splices: readonly Splice[];
  /** Why the message cannot pass at all. */
  readonly refusal: RefusalCode | null;
}

const NOTHING: Ceiling = { splices: [], refusal: null };

/** MCP 2026-07-28, "Error Codes" */
const UNSUPPORTED_PROTOCOL_VERSION = "-32022";

/**
 * Takes revisions that are newer than ours out of what the two sides tell each other: a client asks
 * in `initialize` for the newest that we can read, so that it gets on with the server in that one,
 * and does not see in lists what would be refused. Whatever else a server may agree to is refused.
 */
export function ceilingOf({ kind, method, payload }: Message): Ceiling {
  switch (kind) {
    case "request":
      return method === "initialize" ? lowered(member(payload, "protocolVersion")) : NOTHING;
    case "result":
      if (method === "server/discover") return without(member(payload, "supportedVersions"));
      return method === "initialize" ? agreed(payload) : NOTHING;
    case "error": {
      const code = member(payload, "code");
      const isAboutVersions = code?.kind === "number" && code.text === UNSUPPORTED_PROTOCOL_VERSION;
      return isAboutVersions ? without(member(member(payload, "data"), "supported")) : NOTHING;
    }
    default:
      return NOTHING;
  }
}

function lowered(asked: JsonNode | undefined): Ceiling {
  if (asked === undefined || !isTooNew(asked)) return NOTHING;
  return { ...NOTHING, splices: [replaceNode(asked, JSON.stringify(NEWEST_WITH_HANDSHAKE))] };
}

function agreed(result: JsonNode | null): Ceiling {
  const version = member(result, "protocolVersion");
  const isReadable = version === undefined || !isTooNew(version);
  return isReadable ? NOTHING : { ...NOTHING, refusal: "server_version" };
}

function without(versions: JsonNode | undefined): Ceiling {
  if (versions?.kind !== "array") return NOTHING;
  const { items } = versions;
  const isCut = (index: number) => {
    const item = items[index];
    return item !== undefined && isTooNew(item);
  };
  return { ...NOTHING, splices: cut(items, isCut) };
}

/**
 * A date behind our newest, or a draft. Older revisions than ours are left alone: they agree with
 * the oldest that is read wherever their clients name none in a header.
 */
function isTooNew(node: JsonNode): boolean {
  return node.kind === "string" && !isRevision(node.value) && node.value > NEWEST;
}

const NEWEST: string = REVISIONS.at(-1) ?? "";
