import type { ListedKind } from "../core/catalogue.ts";
import type { Message } from "../core/message.ts";
import type { Reason } from "../core/policy.ts";
import { mayExpandTo } from "../core/uri-template.ts";
import { reasonOf, refusal } from "../decision/refusals.ts";
import { rulesOf } from "../mcp/revision/revisions.ts";
import type { Dependencies } from "./dependencies.ts";
import type { Cleaned } from "./layer1.ts";
import { type Decision, refused } from "./layer2.ts";
import type { Scene } from "./scene.ts";
import { type View, viewOf } from "./visibility.ts";

/**
 * A request by a name that is not in its caller's listing is answered as one by a name that does
 * not exist, whatever else there is against it: the log says why, the answer does not.
 */
export function hideName(
  decision: Decision,
  { message, paths }: Cleaned,
  scene: Scene,
  dependencies: Dependencies,
): Decision {
  if (scene.direction !== "request" || !dependencies.settings(scene.server).hideNames) {
    return decision;
  }
  const named = namedBy(message);
  // An alias that leads nowhere is no name of the server's.
  if (named === null || (paths !== null && paths.refusal !== null)) return decision;
  const view = viewOf(scene, message.revision, dependencies);
  if (view === null) return decision;

  const { kind, name } = named;
  const found = dependencies.sights.findings(scene.server, kind, name);
  // A call that the policy allows now is not refused for what hid its name some seconds ago.
  const sight = decision.allow ? view.sightNow(kind, name, found) : view.sightOf(kind, name, found);
  switch (sight.kind) {
    case "fault": {
      // FAIL CLOSED: nobody can say whether this name is to be known.
      const { decisionId, input, policyRevision } = decision;
      return decision.allow ? refused(decisionId, sight.code, input, policyRevision) : decision;
    }
    case "hidden":
      return unknown(decision, message, decision.allow ? sight.reasons : decision.reasons);
    default: {
      const isMissing = isMissingFor(kind, name, view, scene, dependencies);
      return isMissing ? unknown(decision, message, [reasonOf("unknown_name")]) : decision;
    }
  }
}

/** Whether a tool is none to this caller: then nothing of its definition may show in an answer. */
export function isHiddenTool(
  name: string,
  revision: Message["revision"],
  scene: Scene,
  dependencies: Dependencies,
): boolean {
  if (!dependencies.settings(scene.server).hideNames) return false;
  const view = viewOf(scene, revision, dependencies);
  const found = dependencies.sights.findings(scene.server, "tool", name);
  return view !== null && view.sightOf("tool", name, found).kind !== "shown";
}

interface Named {
  readonly kind: ListedKind;
  readonly name: string;
}

/**
 * What a request is about, of all that a server can list. One without an id is no request, but some
 * server may take it for one.
 */
function namedBy({ method, tool, prompt, uri }: Message): Named | null {
  if (tool !== null) return { kind: "tool", name: tool };
  if (prompt !== null) return { kind: "prompt", name: prompt };
  if (uri === null) return null;
  const isTemplate = method === "completion/complete" && uri.includes("{");
  return { kind: isTemplate ? "template" : "resource", name: uri };
}

/**
 * Whether the server is known not to have it, while it has something else that this caller may not
 * see. Where nothing is hidden the server answers for itself.
 */
function isMissingFor(
  kind: ListedKind,
  name: string,
  view: View,
  { server }: Scene,
  { catalogue, sights, clock }: Dependencies,
): boolean {
  if (!catalogue.isComplete(server, kind) || catalogue.knows(server, kind, name)) return false;
  const now = clock.monotonic();
  // A resource need not be listed where a template says how its URI is made.
  const kinds: readonly ListedKind[] = kind === "resource" ? ["resource", "template"] : [kind];
  const isKnown = (one: ListedKind) =>
    catalogue.isComplete(server, one) && sights.isFresh(server, one, now);
  if (!kinds.every(isKnown)) return false;
  if (kind === "resource") {
    let compared = 0;
    for (const template of catalogue.names(server, "template")) {
      compared += 1;
      if (compared > TEMPLATES_MAX || mayExpandTo(template, name)) return false;
    }
  }
  return kinds.some((one) => view.hidesSome(one));
}

/** Of so many templates a URI may be made; of more, the server knows best. */
const TEMPLATES_MAX = 256;

/** Up to 2025-11-25 a resource that does not exist has a code of its own. */
const RESOURCE_NOT_FOUND = -32002;

function unknown(decision: Decision, message: Message, reasons: readonly Reason[]): Decision {
  const { rpcCode, httpStatus } = refusal("unknown_name");
  const isResource = message.method?.startsWith("resources/") === true;
  return {
    ...decision,
    allow: false,
    reasons,
    told: reasonOf("unknown_name"),
    httpStatus,
    rpcCode: isResource && !rulesOf(message.revision).isStateless ? RESOURCE_NOT_FOUND : rpcCode,
  };
}
