/** A promise only where something has to be waited for: most things are known at once. */
export type Soon<T> = T | Promise<T>;

/** What `next` makes of it, at once where it is there. */
export function after<T, R>(soon: Soon<T>, next: (value: T) => Soon<R>): Soon<R> {
  return soon instanceof Promise ? soon.then(next) : next(soon);
}
