/**
 * The index of the first item that `holds`, in a list where all behind such a one hold too; the
 * list's length where none does. Looks at as many items as that length has binary digits.
 */
export function firstIndex<Item>(items: readonly Item[], holds: (item: Item) => boolean): number {
  let low = 0;
  let high = items.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const item = items[middle];
    if (item === undefined || holds(item)) high = middle;
    else low = middle + 1;
  }
  return low;
}
