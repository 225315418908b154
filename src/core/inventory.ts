/** How much harm a tool can do, as whoever reviewed it put it. */
export const RISKS = ["low", "medium", "high", "critical"] as const;
export type Risk = (typeof RISKS)[number];

/** How confidential what a tool returns is. */
export const CLASSIFICATIONS = ["PUBLIC", "INTERNAL", "SENSITIVE", "RESTRICTED"] as const;
export type Classification = (typeof CLASSIFICATIONS)[number];

/** What a call of a tool can do beside giving an answer, and what each name means. */
export const SIDE_EFFECTS = {
  CODE_EXECUTION: "runs a command, a script or code that it is given",
  PROCESS_CONTROL: "starts, stops or signals processes",
  FS_READ: "reads files or lists directories",
  FS_WRITE: "creates, changes or moves files",
  FS_DELETE: "deletes files or directories",
  DATABASE_READ: "reads records of a database or another store",
  DATABASE_WRITE: "creates, changes or deletes records",
  NETWORK_EGRESS: "sends something to a host that the caller can choose",
  NETWORK_INGRESS: "brings content in from outside, which nobody here wrote",
  CREDENTIAL_ACCESS: "reads, makes or uses secrets",
  IDENTITY_MANAGEMENT: "changes accounts, roles or permissions",
  SYSTEM_CONFIGURATION: "changes settings of a system",
  PACKAGE_INSTALLATION: "installs, updates or removes software",
  INFRASTRUCTURE_CHANGE: "creates, changes or destroys machines, networks or deployments",
  SOURCE_CONTROL: "commits, merges, pushes, or changes issues and reviews",
  MESSAGING: "sends messages to people",
  PAYMENT: "moves money, orders or subscribes",
  SCHEDULING: "makes something happen later",
  USER_INTERFACE: "drives a browser or a desktop, or sees what is on it",
  MEMORY_WRITE: "changes what an agent will remember",
  MODEL_INVOCATION: "asks another model or agent",
} as const;
export type SideEffect = keyof typeof SIDE_EFFECTS;

export const SIDE_EFFECT_NAMES = Object.keys(SIDE_EFFECTS) as readonly SideEffect[];

/**
 * `observe`: what differs from the inventory is reported. `enforce`: it is denied too, in the
 * listing and in the call.
 */
export type InventoryMode = "observe" | "enforce";

/** A tool as it was reviewed. */
export interface InventoriedTool {
  /** `sha256:…` of the definition that was reviewed; null while none is pinned. */
  readonly hash: string | null;
  readonly risk: Risk | null;
  readonly owner: string | null;
  readonly classification: Classification | null;
  /** Null where nobody said; an empty list where there are none. */
  readonly sideEffects: readonly SideEffect[] | null;
  readonly note: string | null;
  /** Risk and side effects were guessed from the server's own words, and nobody confirmed them. */
  readonly guessed: boolean;
  /** The pinned definition as canonical JSON text; null where the file does not hold it. */
  readonly definition: string | null;
}

/** Tools by name, by the id of their server. */
export type Inventory = ReadonlyMap<string, ReadonlyMap<string, InventoriedTool>>;

/**
 * What the policy learns of a tool, in the policy's field names. All null: there is no inventory,
 * or the message is about no tool.
 */
export interface ToolFacts {
  readonly risk: Risk | null;
  readonly owner: string | null;
  readonly side_effects: readonly SideEffect[] | null;
  readonly classification: Classification | null;
  /** The inventory holds a hash of its definition. */
  readonly pinned: boolean | null;
  /** The definition that was seen last is another one than the pinned; null where none was seen. */
  readonly drifted: boolean | null;
}

export const NO_TOOL_FACTS: ToolFacts = {
  risk: null,
  owner: null,
  side_effects: null,
  classification: null,
  pinned: null,
  drifted: null,
};

/**
 * What is remarkable about a tool in a listing.
 * - `drifted`: its definition is not the pinned one, or is too long, or there twice, to be compared;
 * - `changed`: its definition is not the one that the same server sent before;
 * - `confusable`: its name can be taken for that of another tool;
 * - `unpinned`: there is an inventory, and it holds no hash for this tool.
 */
export type PinKind = "drifted" | "changed" | "confusable" | "unpinned";

/** Which parts of a definition differ, as JSON Pointers: what stands there may be anything. */
export interface DefinitionDiff {
  readonly added: readonly string[];
  readonly removed: readonly string[];
  readonly changed: readonly string[];
  /** There are more than these. */
  readonly cut: boolean;
}

/** One remark on one entry of a listing. */
export interface PinNotice {
  readonly kind: PinKind;
  /** The entry's place among the objects of the page. */
  readonly index: number;
  readonly tool: string;
  /** Hash of the definition before, or of the pinned one; null where there is none. */
  readonly before: string | null;
  /** Hash of the definition in this listing; null where it cannot be compared. */
  readonly after: string | null;
  /** Null where one of the two texts is not at hand. */
  readonly diff: DefinitionDiff | null;
  /** Of a `confusable` name: the server that offers the other one. */
  readonly otherServer: string | null;
}
