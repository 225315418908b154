import type { PiiKind } from "../../core/pii.ts";

/** A number with a fixed form: a card, an identity number, a telephone number of one country. */
export interface NumberFormat {
  readonly kind: PiiKind;
  /** Such as `us-ssn`; for tests and documentation. */
  readonly id: string;
  readonly title: string;
  /** Templates that tell enough by themselves, once `isValid` agrees. */
  readonly anywhere: readonly string[];
  /** Templates that count only where one of `words` names them. */
  readonly named: readonly string[];
  /** In lower case; see `wordsPattern`. */
  readonly words: readonly string[];
  /** Judges the digits and capitals that are left once the separators are gone. */
  readonly isValid: (value: string) => boolean;
  /** Held to the format by a test. */
  readonly examples: { readonly match: readonly string[]; readonly noMatch: readonly string[] };
}
