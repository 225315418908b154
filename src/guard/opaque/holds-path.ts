import { conceal } from "../paths/conceal.ts";
import type { AliasView } from "../paths/view.ts";

/** A shorter root could stand in anything by chance. */
const TELLING_LENGTH = 8;

/** Whether a path under a configured root stands in one of the forms of an opaque value. */
export function holdsPath(forms: readonly string[], view: AliasView): boolean {
  if (view.roots.length === 0) return false;
  return forms.some((form) => isUnderRoot(form, view));
}

function isUnderRoot(form: string, view: AliasView): boolean {
  const isNamed = view.roots.some(
    ({ path, uriPath }) =>
      path.length >= TELLING_LENGTH && (form.includes(path) || form.includes(uriPath)),
  );
  // An edit without length makes room beside a look-alike; it is no path.
  return isNamed || conceal(form, view, "roots").some(({ start, end }) => end > start);
}
