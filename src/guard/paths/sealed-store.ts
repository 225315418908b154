import type { OpenedAlias } from "../../core/alias.ts";
import type { AliasStore } from "../../core/ports.ts";
import { createSiv } from "../siv.ts";
import { decodeBase32, encodeBase32 } from "./base32.ts";

const FOREIGN: OpenedAlias = { kind: "foreign" };

/** Keeps nothing: the code is the path itself, encrypted. */
export function createSealedStore(): AliasStore {
  const siv = createSiv("sealed");
  return {
    codeOf: (text, scope) => encodeBase32(siv.seal(text, scope)),
    open(code, scope) {
      const bytes = decodeBase32(code);
      const text = bytes === null ? null : siv.open(bytes, scope);
      return text === null ? FOREIGN : { kind: "known", text };
    },
  };
}
