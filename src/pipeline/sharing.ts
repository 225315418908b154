import type { RequestHead } from "../core/exchange.ts";
import type { SharedRefusal, SharedState, Wanted } from "../core/shared.ts";
import type { Soon } from "../core/soon.ts";
import { tokenAt } from "../guard/paths/token.ts";
import type { AliasView } from "../guard/paths/view.ts";
import { callerOf } from "./approving.ts";
import type { Dependencies } from "./dependencies.ts";
import type { Reading } from "./layer1.ts";
import type { Pending } from "./pending.ts";
import type { Scene } from "./scene.ts";

/**
 * Brings what other replicas know of a request, in one round trip: what its aliases stand for, what
 * people agreed to, how its tool was listed last. Null where nothing is to be waited for.
 */
export function bringForRequest(
  { document, messages }: Pick<Reading, "document" | "messages">,
  sceneNow: () => Scene,
  dependencies: Dependencies,
): Promise<SharedRefusal | null> | null {
  const { shared = null, paths, pins } = dependencies;
  if (shared === null) return null;
  const scene = sceneNow();
  const isObliged = dependencies.policy()?.asksForAliases === true;
  const read = paths.readingViewOf(scene.server, scene.principal, isObliged);
  const isAsked = messages.some(({ kind, id }) => kind === "request" && id !== null);
  const wanted: Wanted = {
    server: scene.server,
    aliases: read === null ? null : unknownAliases(document.leaves, read.view),
    caller: isAsked ? callerOf(scene) : null,
    tools: pins.mode(scene.server) === null ? [] : messages.flatMap(({ tool }) => tool ?? []),
  };
  return shared.bring(wanted);
}

/**
 * Judges an answer with what other replicas know of the tools in it, and tells them what came of
 * it. A promise only where something is kept outside of this process.
 */
export function judgeWithOthers<Outcome extends object>(
  judge: () => Outcome,
  head: RequestHead,
  pending: Pending,
  { shared = null }: Dependencies,
): Outcome | Promise<Outcome | SharedRefusal> {
  if (shared === null) return judge();
  const isListing = pending.waiting().some(({ method }) => method === "tools/list");
  const wanted: Wanted = { server: head.server ?? "", aliases: null, caller: null, tools: "all" };
  const bringing = isListing ? shared.bring(wanted) : null;
  return judgeBetween(bringing, judge, shared);
}

async function judgeBetween<Outcome>(
  bringing: Promise<SharedRefusal | null> | null,
  judge: () => Outcome,
  shared: SharedState,
): Promise<Outcome | SharedRefusal> {
  const unknown = bringing === null ? null : await bringing;
  if (unknown !== null) return unknown;
  const outcome = judge();
  const settling = shared.settle();
  const lost = settling === null ? null : await settling;
  return lost ?? outcome;
}

/** Asked at once behind a judgement: null where nothing of it has to be told to anybody. */
export function settle({ shared = null }: Dependencies): Promise<SharedRefusal | null> | null {
  return shared === null ? null : shared.settle();
}

/** All of these; a promise only where one of them is. */
export function together<All extends readonly unknown[]>(all: All): Soon<AllOf<All>> {
  for (const one of all) if (one instanceof Promise) return Promise.all(all);
  // None of them is a promise where they are given back as they are.
  return all as AllOf<All>;
}

type AllOf<All extends readonly unknown[]> = { -readonly [at in keyof All]: Awaited<All[at]> };

/** Aliases of this caller, by their own check, of which nobody here knows what they stand for. */
function unknownAliases(
  leaves: Reading["document"]["leaves"],
  { scope, store }: AliasView,
): Wanted["aliases"] {
  const codes = new Set<string>();
  for (const { text } of leaves) {
    let underscore = text.indexOf("_");
    while (underscore !== -1) {
      const token = tokenAt(text, underscore);
      const isOpaque = token !== null && token.kind === "opaque";
      if (isOpaque && store.open(token.code, scope).kind === "forgotten") codes.add(token.code);
      underscore = text.indexOf("_", token?.end ?? underscore + 1);
    }
  }
  return codes.size === 0 ? null : { scope, codes: [...codes] };
}
