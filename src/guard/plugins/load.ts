import { pathToFileURL } from "node:url";
import type { Guard } from "../../core/ports.ts";
import { err, ok, type Result } from "../../core/result.ts";
import { contain } from "./contain.ts";
import type { FaultListener, GuardPlugin, PluginConfig } from "./plugin.ts";

const GUARD_NAME = /^[a-z][a-z0-9-]{0,63}$/;

/** Loads the plugins in their order, or says what is wrong with each; names must be free. */
export async function loadPlugins(
  plugins: readonly PluginConfig[],
  taken: readonly string[],
  onFault: FaultListener,
): Promise<Result<readonly Guard[], readonly string[]>> {
  const guards: Guard[] = [];
  const errors: string[] = [];
  const names = new Set(taken);
  for (const plugin of plugins) {
    const guard = await loadPlugin(plugin);
    if (!guard.ok) {
      errors.push(`${plugin.module}: ${guard.error}`);
    } else if (names.has(guard.value.name)) {
      errors.push(`${plugin.module}: there is a guard named ${guard.value.name} already`);
    } else {
      names.add(guard.value.name);
      guards.push(contain(guard.value, onFault));
    }
  }
  return errors.length === 0 ? ok(guards) : err(errors);
}

async function loadPlugin({ module, options }: PluginConfig): Promise<Result<Guard, string>> {
  let exported: { readonly [name in keyof GuardPlugin]?: unknown };
  try {
    exported = await import(pathToFileURL(module).href);
  } catch (error) {
    return err(`the plugin cannot be loaded (${describe(error)})`);
  }
  const { createGuard } = exported;
  if (typeof createGuard !== "function") {
    return err("the plugin exports no function createGuard(options)");
  }
  try {
    const guard: unknown = await createGuard(options);
    return isGuard(guard) ? ok(guard) : err(NO_GUARD);
  } catch (error) {
    return err(`the plugin refused its options (${describe(error)})`);
  }
}

const NO_GUARD =
  "createGuard returned no guard: { name, request?, response? }, a name of a-z, 0-9 and -, " +
  "and at least one of the two functions";

function isGuard(value: unknown): value is Guard {
  if (typeof value !== "object" || value === null) return false;
  const { name, request, response } = value as { readonly [key in keyof Guard]: unknown };
  if (typeof name !== "string" || !GUARD_NAME.test(name)) return false;
  if (request === undefined && response === undefined) return false;
  return [request, response].every((look) => look === undefined || typeof look === "function");
}

/** For the operator who starts the service: nothing of a peer is in it yet. */
function describe(error: unknown): string {
  return error instanceof Error ? (error.message.split("\n", 1)[0] ?? error.name) : String(error);
}
