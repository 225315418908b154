import { type JsonNode, member, stringMember } from "../../core/json.ts";
import { err, ok, type Result } from "../../core/result.ts";
import type { RevisionRules } from "../revision/rules.ts";
import { invalidParams, type ProtocolFault } from "./fault.ts";

/** What a request is about, always from its body. */
export interface Names {
  readonly tool: string | null;
  readonly prompt: string | null;
  readonly uri: string | null;
  /** Where a listing is to go on; null for its first page. */
  readonly cursor: string | null;
}

export const NO_NAMES: Names = { tool: null, prompt: null, uri: null, cursor: null };

/**
 * Reads the names of a request or notification; a method that needs one is refused without it,
 * unless the revision does not have that method: then it is for the server to say so.
 */
export function readNames(
  method: string,
  params: JsonNode | null,
  { hasResourceSubscriptions }: Pick<RevisionRules, "hasResourceSubscriptions">,
): Result<Names, ProtocolFault> {
  const name = stringMember(params, "name");
  const uri = stringMember(params, "uri");
  switch (method) {
    case "tools/call":
    case "prompts/get":
      if (name === undefined) return err(invalidParams("/params/name"));
      if (!hasArgumentsObject(params)) return err(invalidParams("/params/arguments"));
      return ok(
        method === "tools/call"
          ? { tool: name, prompt: null, uri: null, cursor: null }
          : { tool: null, prompt: name, uri: null, cursor: null },
      );
    case "resources/read":
      return uri === undefined ? err(invalidParams("/params/uri")) : ok({ ...NO_NAMES, uri });
    case "resources/subscribe":
    case "resources/unsubscribe":
      if (uri === undefined && hasResourceSubscriptions) return err(invalidParams("/params/uri"));
      return ok({ ...NO_NAMES, uri: uri ?? null });
    case "notifications/resources/updated":
      return ok({ ...NO_NAMES, uri: uri ?? null });
    case "tools/list":
    case "prompts/list":
    case "resources/list":
    case "resources/templates/list":
      return ok({ ...NO_NAMES, cursor: stringMember(params, "cursor") ?? null });
    case "completion/complete":
      return ok(referenceNames(member(params, "ref")));
    default:
      return ok(NO_NAMES);
  }
}

function hasArgumentsObject(params: JsonNode | null): boolean {
  const given = member(params, "arguments");
  return given === undefined || given.kind === "object";
}

/** `ref/prompt` has a name, `ref/resource` a URI or a template of one. */
function referenceNames(reference: JsonNode | undefined): Names {
  const type = stringMember(reference, "type");
  return {
    ...NO_NAMES,
    prompt: type === "ref/prompt" ? (stringMember(reference, "name") ?? null) : null,
    uri: type === "ref/resource" ? (stringMember(reference, "uri") ?? null) : null,
  };
}
