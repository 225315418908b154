import type { Address, Endpoint } from "./config.ts";

const PORT_MAX = 65_535;

/** `HOST:PORT` or `[IPV6]:PORT`; null when it is neither. */
export function decodeAddress(text: string): Address | null {
  const parts = /^(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9._-]+)):([0-9]{1,5})$/.exec(text);
  const host = parts?.[1] ?? parts?.[2];
  const port = Number(parts?.[3]);
  return host === undefined || port > PORT_MAX ? null : { host, port };
}

/** `HOST:PORT` or `unix:PATH`; null when it is neither. */
export function decodeEndpoint(text: string): Endpoint | null {
  if (text.startsWith("unix:")) return { kind: "unix", path: text.slice("unix:".length) };
  const address = decodeAddress(text);
  return address === null ? null : { kind: "tcp", ...address };
}

/** The text that `decodeAddress` reads. */
export function encodeAddress(address: Address): string {
  const host = address.host.includes(":") ? `[${address.host}]` : address.host;
  return `${host}:${address.port}`;
}
