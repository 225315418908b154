/** A place to listen on or to connect to. */
export interface Address {
  /** A name or an IP address, without the brackets of IPv6. */
  readonly host: string;
  /** 0 lets the operating system choose. */
  readonly port: number;
}

/** An address, or the path of a Unix socket. */
export type Endpoint =
  | ({ readonly kind: "tcp" } & Address)
  | { readonly kind: "unix"; readonly path: string };

const PORT_MAX = 65_535;

/** `HOST:PORT` or `[IPV6]:PORT`; null when it is neither. */
export function decodeAddress(text: string): Address | null {
  const parts = /^(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9._-]+)):([0-9]{1,5})$/.exec(text);
  const [, bracketed, name, digits] = parts ?? [];
  const host = bracketed ?? name;
  const port = Number(digits);
  if (host === undefined || port > PORT_MAX) return null;
  if (bracketed !== undefined && !URL.canParse(`http://[${bracketed}]`)) return null;
  return { host, port };
}

/** `HOST:PORT` or `unix:PATH`; null when it is neither. */
export function decodeEndpoint(text: string): Endpoint | null {
  if (text.startsWith("unix:")) return { kind: "unix", path: text.slice("unix:".length) };
  const address = decodeAddress(text);
  return address === null ? null : { kind: "tcp", ...address };
}

/** The text that `decodeAddress` reads, and that stands in a URL. */
export function encodeAddress({ host, port }: Address): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Whether a host, also as `URL.hostname` has it, is this machine: nobody is on the way to it. */
export function isLoopbackHost(host: string): boolean {
  return LOOPBACK_NAMES.has(host) || /^127(?:\.\d{1,3}){3}$/.test(host);
}

const LOOPBACK_NAMES: ReadonlySet<string> = new Set(["localhost", "::1", "[::1]"]);

/** Whether what comes from an address is what its host sent: https, or http on this machine. */
export function isTrustworthyUrl(text: string): boolean {
  const url = URL.parse(text);
  if (url === null || url.username !== "" || url.password !== "") return false;
  return url.protocol === "https:" || (url.protocol === "http:" && isLoopbackHost(url.hostname));
}
