import type { Occupancy } from "../core/ports.ts";
import type { Place } from "../core/rate-limit.ts";

/**
 * Counts what is open in this process. A count is kept as long as something is open under its key,
 * so that memory is bounded by the exchanges that are open.
 */
export function createOccupancy(): Occupancy {
  const open = new Map<string, number>();

  return {
    enter(place, max) {
      const key = keyOf(place);
      const count = open.get(key) ?? 0;
      if (count >= max) return false;
      open.set(key, count + 1);
      return true;
    },
    leave(place) {
      const key = keyOf(place);
      const count = open.get(key) ?? 0;
      if (count > 1) open.set(key, count - 1);
      else open.delete(key);
    },
  };
}

function keyOf({ limit, key }: Place): string {
  return `${limit}\0${key}`;
}
