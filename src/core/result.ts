/** An outcome that is a value: what a peer sends can fail to decode, and that is no exception. */
export type Result<T, E> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly error: E };

export function ok<T>(value: T): Result<T, never> {
  return { ok: true, value };
}

export function err<E>(error: E): Result<never, E> {
  return { ok: false, error };
}

/** Closes a `switch`: a new kind in the union is a compile error here, and a bug at run time. */
export function assertNever(value: never): never {
  throw new Error(`unreachable: ${typeof value}`);
}
