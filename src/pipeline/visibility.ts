import type { ListedKind } from "../core/catalogue.ts";
import type { Finding } from "../core/finding.ts";
import type { JsonObject, JsonString } from "../core/json.ts";
import type { Message, Revision } from "../core/message.ts";
import type { ItemFact, Principal } from "../core/policy.ts";
import { shownBy } from "./aliasing.ts";
import type { Dependencies, LoadedPolicy } from "./dependencies.ts";
import { inventoryFacts } from "./layer2.ts";
import type { Scene } from "./scene.ts";
import type { ClassSights, Sight } from "./sights.ts";

/**
 * What the policy lets one caller see, item by item. All that one message asks has the time that
 * the policy has for one message.
 */
export interface View {
  /** An item by its name, and what the guards found in it. */
  sightOf(kind: ListedKind, name: string, findings: readonly Finding[]): Sight;
  /** The same, asked anew where it was hidden: what hid it may have passed meanwhile. */
  sightNow(kind: ListedKind, name: string, findings: readonly Finding[]): Sight;
  /** Whether something that the server listed is hidden from this caller. */
  hidesSome(kind: ListedKind): boolean;
}

/**
 * The view of whoever stands in this scene; null where nothing is to be hidden. Where nobody wrote
 * a policy nothing is: its author-to-be needs to see what there is.
 */
export function viewOf(scene: Scene, revision: Revision, dependencies: Dependencies): View | null {
  const policy = dependencies.policy();
  const { filterLists } = dependencies.settings(scene.server);
  const isHiding = filterLists && policy !== null && !policy.isBuiltIn;
  return isHiding ? new CallersView({ scene, revision, policy, dependencies }) : null;
}

interface Asking {
  readonly scene: Scene;
  readonly revision: Revision;
  readonly policy: LoadedPolicy;
  readonly dependencies: Dependencies;
}

class CallersView implements View {
  readonly #asking: Asking;
  readonly #since: number;
  readonly #remembered: ClassSights;
  #isLate = false;

  constructor(asking: Asking) {
    const { sights, clock } = asking.dependencies;
    this.#asking = asking;
    this.#since = clock.monotonic();
    this.#remembered = sights.of(classOf(asking), this.#since);
  }

  sightOf(kind: ListedKind, name: string, findings: readonly Finding[]): Sight {
    return this.#lookAt(kind, name, findings, false);
  }

  sightNow(kind: ListedKind, name: string, findings: readonly Finding[]): Sight {
    return this.#lookAt(kind, name, findings, true);
  }

  hidesSome(kind: ListedKind): boolean {
    const { hides } = this.#remembered;
    const known = hides.get(kind);
    if (known !== undefined) return known;
    const isHiding = this.#hidesSome(kind);
    hides.set(kind, isHiding);
    return isHiding;
  }

  #hidesSome(kind: ListedKind): boolean {
    const { catalogue, sights } = this.#asking.dependencies;
    const { server } = this.#asking.scene;
    for (const name of catalogue.names(server, kind)) {
      const sight = this.sightOf(kind, name, sights.findings(server, kind, name));
      if (sight.kind !== "shown") return true;
    }
    return false;
  }

  /** What was told before; what was hidden then only where it need not be asked for again. */
  #lookAt(
    kind: ListedKind,
    name: string,
    findings: readonly Finding[],
    asksHidden: boolean,
  ): Sight {
    const { scene, dependencies } = this.#asking;
    const { catalogue, sights, clock, limits } = dependencies;
    const hash = kind === "tool" ? (catalogue.tool(scene.server, name)?.hash ?? "") : "";
    const key = `${kind} ${hash} ${keyOf(findings)} ${name}`;
    const kept = this.#remembered.items.get(key);
    if (kept !== undefined && !(asksHidden && kept.kind === "hidden")) return kept;
    // FAIL CLOSED: servers choose how much they list, and nothing else is decided meanwhile.
    if (this.#isLate) return LATE;
    const sight = ask(itemOf(kind, name), findings, this.#asking);
    this.#isLate = clock.monotonic() - this.#since > limits.policyBudgetMs;
    if (sight.kind !== "fault") sights.keep(this.#remembered, key, sight);
    return sight;
  }
}

const LATE: Sight = { kind: "fault", code: "policy_late" };

function keyOf(findings: readonly Finding[]): string {
  if (findings.length === 0) return "";
  return JSON.stringify(
    findings.map((one) => [one.guard, one.kind, one.at, one.action, one.severity]),
  );
}

/**
 * What the policy is told in phase `list` and that does not come from the item. Not what changes by
 * itself, posture and time: a sight is kept for seconds, and `sightNow` asks again.
 */
function classOf({ scene: { server, principal, source }, revision, policy }: Asking): string {
  const { ip, spiffe } = source;
  const policyRevision = policy.engine.revision;
  const last = latest.get(principal);
  const isSamePlace = last !== undefined && last.server === server && last.ip === ip;
  const isSame = isSamePlace && last.spiffe === spiffe && last.revision === revision;
  if (isSame && last.policyRevision === policyRevision) return last.name;
  const caller = last?.caller ?? JSON.stringify(principal);
  const name = JSON.stringify([policyRevision, revision, server, caller, ip, spiffe]);
  latest.set(principal, { policyRevision, revision, server, ip, spiffe, caller, name });
  return name;
}

/** The class that a principal was in last; many exchanges may share one. */
interface CallerClass {
  readonly policyRevision: string;
  readonly revision: Revision;
  readonly server: string;
  readonly ip: string | null;
  readonly spiffe: string | null;
  /** All that is known of the principal. */
  readonly caller: string;
  readonly name: string;
}

const latest = new WeakMap<Principal, CallerClass>();

function itemOf(kind: ListedKind, name: string): ItemFact {
  const isNamed = kind === "tool" || kind === "prompt";
  return { kind, name: isNamed ? name : null, uri: isNamed ? null : name };
}

/** How an item is used: the methods whose answer depends on its being there. */
const USE: { readonly [kind in ListedKind]: string } = {
  tool: "tools/call",
  prompt: "prompts/get",
  resource: "resources/read",
  template: "resources/read",
};

/** Asks the policy whether some call of an item could be allowed (phase `list`). */
function ask(
  item: ItemFact,
  findings: readonly Finding[],
  { scene, revision, policy, dependencies }: Asking,
): Sight {
  const shown = shownBy(dependencies.paths.viewOf(scene.server, scene.principal));
  const outcome = policy.engine.decide(
    policy.input.build({
      phase: "list",
      item,
      message: callOf(item, revision),
      server: scene.server,
      findings,
      leaves: [],
      principal: scene.principal,
      client: { name: null, version: null },
      sessionId: null,
      source: { ip: scene.source.ip, spiffe: scene.source.spiffe },
      userAgent: null,
      inventory: inventoryFacts(item.kind === "tool" ? item.name : null, scene, dependencies),
      shown,
    }),
  );
  if (!outcome.ok) return { kind: "fault", code: outcome.error.code };
  const { allow, reasons } = outcome.value;
  if (allow) return { kind: "shown" };
  // FAIL CLOSED: a denial without a reason is the policy's fault, and one all the same.
  if (reasons.length === 0) return { kind: "fault", code: "policy_malformed" };
  return { kind: "hidden", reasons };
}

/** A call of the item of which no more is known. */
function callOf({ kind, name, uri }: ItemFact, revision: Revision): Message {
  return {
    kind: "request",
    id: null,
    method: USE[kind],
    tool: kind === "tool" ? name : null,
    prompt: kind === "prompt" ? name : null,
    uri,
    cursor: null,
    revision,
    node: null,
    payload: uri === null ? null : paramsWith(uri),
    bytes: 0,
  };
}

const NOWHERE = { start: 0, end: 0 };

/** The path that a URI names is judged as in any other request. */
function paramsWith(uri: string): JsonObject {
  const text = (value: string): JsonString => ({ kind: "string", value, ...NOWHERE });
  return { kind: "object", members: [{ key: text("uri"), value: text(uri) }], ...NOWHERE };
}
