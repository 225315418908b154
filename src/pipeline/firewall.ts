import type { Firewall } from "../core/exchange.ts";
import type { Dependencies } from "./dependencies.ts";
import { openExchange } from "./http-exchange.ts";

/** The firewall as a proxy adapter sees it: one exchange after the other, nothing shared. */
export function createFirewall(dependencies: Dependencies): Firewall {
  return { open: (head) => openExchange(head, dependencies) };
}
