import { type JsonNode, type JsonObject, member, stringMember } from "../../core/json.ts";
import { REVISIONS, type Revision } from "../../core/message.ts";
import { err, ok, type Result } from "../../core/result.ts";
import {
  headerMismatch,
  invalidParams,
  type ProtocolFault,
  unsupportedVersion,
} from "../message/fault.ts";
import { REVISION_2025_03_26 } from "./2025-03-26.ts";
import { REVISION_2025_06_18 } from "./2025-06-18.ts";
import { REVISION_2025_11_25 } from "./2025-11-25.ts";
import { REVISION_2026_07_28 } from "./2026-07-28.ts";
import type { RevisionRules } from "./rules.ts";

/** The member of `_meta` that names the revision of a request (2026-07-28, "Versioning"). */
const PROTOCOL_VERSION_KEY = "io.modelcontextprotocol/protocolVersion";

/** What a message without `MCP-Protocol-Version` is taken for (2025-06-18, "Transports"). */
export const REVISION_WITHOUT_HEADER: Revision = "2025-03-26";

/** The newest revision that `initialize` can agree on: later ones have no handshake. */
export const NEWEST_WITH_HANDSHAKE: Revision = "2025-11-25";

const RULES: { readonly [revision in Revision]: RevisionRules } = {
  "2025-03-26": REVISION_2025_03_26,
  "2025-06-18": REVISION_2025_06_18,
  "2025-11-25": REVISION_2025_11_25,
  "2026-07-28": REVISION_2026_07_28,
};

const KNOWN: readonly string[] = REVISIONS;

/** Those that a request can claim in its `_meta`; to speak another, a client shakes hands first. */
const STATELESS = REVISIONS.filter((revision) => RULES[revision].isStateless);

export function rulesOf(revision: Revision): RevisionRules {
  return RULES[revision];
}

export function isRevision(text: string): text is Revision {
  return KNOWN.includes(text);
}

/**
 * The revision a message from the client speaks. What the body says wins, and the header must say
 * the same; without a word in the body the header decides. `initialize` names in its parameters
 * what the client would like to speak, and SDK clients send no header with it.
 */
export function revisionOf(
  header: string | null,
  node: JsonObject,
): Result<Revision, ProtocolFault> {
  const claim = member(member(member(node, "params"), "_meta"), PROTOCOL_VERSION_KEY);
  if (claim !== undefined) return claimedRevision(header, claim);
  if (stringMember(node, "method") === "initialize") return initialRevision(header, node);
  if (header === null) return ok(REVISION_WITHOUT_HEADER);
  if (!isRevision(header)) {
    return err(unsupportedVersion(VERSION_HEADER, header, REVISIONS));
  }
  if (RULES[header].isStateless && isRequest(node)) {
    return err(invalidParams("/params/_meta"));
  }
  return ok(header);
}

const VERSION_HEADER = "header mcp-protocol-version";
const CLAIM = "/params/_meta/io.modelcontextprotocol~1protocolVersion";

function claimedRevision(header: string | null, claim: JsonNode): Result<Revision, ProtocolFault> {
  if (claim.kind !== "string") return err(invalidParams(CLAIM));
  if (header !== null && header !== claim.value) return err(headerMismatch(VERSION_HEADER));
  if (!isRevision(claim.value)) return err(unsupportedVersion(CLAIM, claim.value, STATELESS));
  return ok(claim.value);
}

function initialRevision(header: string | null, node: JsonObject): Result<Revision, ProtocolFault> {
  if (header !== null && !isRevision(header)) {
    return err(unsupportedVersion(VERSION_HEADER, header, REVISIONS));
  }
  if (header !== null && RULES[header].isStateless) return err(headerMismatch(VERSION_HEADER));
  const asked = stringMember(member(node, "params"), "protocolVersion");
  if (asked === undefined || !isRevision(asked)) return ok(header ?? REVISION_WITHOUT_HEADER);
  return ok(RULES[asked].isStateless ? NEWEST_WITH_HANDSHAKE : asked);
}

function isRequest(node: JsonObject): boolean {
  return member(node, "method") !== undefined && member(node, "id") !== undefined;
}
