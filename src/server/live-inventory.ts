import { createHash } from "node:crypto";
import type { Config } from "../config/config.ts";
import type { Inventory } from "../core/inventory.ts";
import { err, ok, type Result } from "../core/result.ts";
import { readInventory } from "./load-inventory.ts";
import { fileBytes } from "./policy-bytes.ts";

/** What came of one look for a new inventory. */
export type InventoryReload =
  | { readonly kind: "unchanged" }
  | { readonly kind: "loaded"; readonly from: string; readonly to: string }
  | { readonly kind: "refused"; readonly errors: readonly string[] };

export type InventoryListener = (
  reload: Exclude<InventoryReload, { readonly kind: "unchanged" }>,
) => void;

/** An inventory that follows its file. */
export interface LiveInventory {
  /** Null where the configuration names none. */
  current(): Inventory | null;
  /** `sha256:…` of the file that holds; null without one. */
  digest(): string | null;
  /** Looks from now on, as often as for a policy; the listener is told of what it finds. */
  follow(onReload: InventoryListener): void;
  stop(): void;
}

interface Held {
  readonly inventory: Inventory;
  readonly digest: string;
}

/** Loads the inventory of a configuration, or says everything that is wrong with it. */
export async function startLiveInventory({
  inventory: { file },
  policy: { pollIntervalMs },
}: Pick<Config, "inventory" | "policy">): Promise<Result<LiveInventory, readonly string[]>> {
  if (file === null) {
    const nothing = () => undefined;
    return ok({ current: () => null, digest: () => null, follow: nothing, stop: nothing });
  }
  const read = createReader(file);
  const first = await read();
  if (!first.ok) return first;
  if (first.value === null) throw new Error("what is read first is new");
  return ok(follow(first.value, read, pollIntervalMs));
}

/** Null when nothing is new since the last call, whatever came of that. */
type Read = () => Promise<Result<Held | null, readonly string[]>>;

function createReader(file: string): Read {
  const source = fileBytes(file, "the inventory cannot be read; make it with: impedance tools pin");
  return async () => {
    const bytes = await source.read();
    if (!bytes.ok) return err([bytes.error]);
    if (!bytes.value.isNews) return ok(null);
    const inventory = readInventory(Buffer.from(bytes.value.bytes).toString("utf8"), file);
    if (!inventory.ok) return inventory;
    const digest = createHash("sha256").update(bytes.value.bytes).digest("hex");
    return ok({ inventory: inventory.value, digest: `sha256:${digest}` });
  };
}

function follow(first: Held, read: Read, pollIntervalMs: number): LiveInventory {
  let held = first;
  let told = "";
  let isLooking = false;
  let timer: NodeJS.Timeout | null = null;

  async function reload(onReload: InventoryListener): Promise<void> {
    const next = await read();
    if (!next.ok) {
      // FAIL CLOSED: what does not load changes nothing; one error is told once, while it lasts.
      const text = next.error.join("\n");
      if (text !== told) onReload({ kind: "refused", errors: next.error });
      told = text;
      return;
    }
    // A file that was written anew with what it held before brings no news of itself.
    if (next.value === null || next.value.digest === held.digest) return;
    told = "";
    const from = held.digest;
    held = next.value;
    onReload({ kind: "loaded", from, to: held.digest });
  }

  return {
    current: () => held.inventory,
    digest: () => held.digest,
    follow(onReload) {
      timer ??= setInterval(() => {
        if (isLooking) return;
        isLooking = true;
        void reload(onReload).finally(() => {
          isLooking = false;
        });
      }, pollIntervalMs).unref();
    },
    stop() {
      if (timer !== null) clearInterval(timer);
    },
  };
}
