import type { HeaderValueOption } from "./protocol.ts";

/** envoy.config.core.v3.HeaderValueOption.HeaderAppendAction.OVERWRITE_IF_EXISTS_OR_ADD */
export const OVERWRITE_IF_EXISTS_OR_ADD = 2;

/** Envoy refuses longer values (`max_bytes` of envoy.config.core.v3.HeaderValue). */
export const VALUE_MAX_BYTES = 16_384;

/** ext_authz takes values as text: with bytes the header would arrive empty. */
export function encodeTextHeader([name, value]: readonly [string, string]): HeaderValueOption {
  const text = clean(value).slice(0, VALUE_MAX_BYTES / 4);
  return { header: { key: name, value: text }, append_action: OVERWRITE_IF_EXISTS_OR_ADD };
}

/** Control characters would end the header early; they become spaces. */
export function clean(value: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  return value.replace(/[\u0000-\u001f\u007f]/g, " ");
}
