import type { HeaderMutation, Headers } from "../core/exchange.ts";
import type { HeaderMap, HeaderValueOption, WireHeaderMutation } from "./protocol.ts";

/** envoy.config.core.v3.HeaderValueOption.HeaderAppendAction.OVERWRITE_IF_EXISTS_OR_ADD */
const OVERWRITE_IF_EXISTS_OR_ADD = 2;

/** Envoy refuses longer values (`max_bytes` of envoy.config.core.v3.HeaderValue). */
const VALUE_MAX_BYTES = 16_384;

/** Header names arrive in lower case; values as raw bytes, read as UTF-8. */
export function decodeHeaders(map: HeaderMap | undefined): Headers {
  const headers = new Map<string, string>();
  for (const { key = "", value, raw_value } of map?.headers ?? []) {
    const text = raw_value ?? value ?? "";
    const before = headers.get(key);
    headers.set(key, before === undefined ? text : `${before}, ${text}`);
  }
  return headers;
}

export function encodeMutation(mutation: HeaderMutation): WireHeaderMutation {
  return { set_headers: mutation.set.map(encodeHeader), remove_headers: [...mutation.remove] };
}

/** ext_proc takes values as bytes. */
function encodeHeader([name, value]: readonly [string, string]): HeaderValueOption {
  const raw = Buffer.from(clean(value), "utf8").subarray(0, VALUE_MAX_BYTES);
  return { header: { key: name, raw_value: raw }, append_action: OVERWRITE_IF_EXISTS_OR_ADD };
}

/** ext_authz takes values as text: with bytes the header would arrive empty. */
export function encodeTextHeader([name, value]: readonly [string, string]): HeaderValueOption {
  const text = clean(value).slice(0, VALUE_MAX_BYTES / 4);
  return { header: { key: name, value: text }, append_action: OVERWRITE_IF_EXISTS_OR_ADD };
}

/** Control characters would end the header early; they become spaces. */
function clean(value: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  return value.replace(/[\u0000-\u001f\u007f]/g, " ");
}

export function trailerNames(map: HeaderMap | undefined): string[] {
  return (map?.headers ?? []).flatMap(({ key }) => (key === undefined ? [] : [key]));
}
