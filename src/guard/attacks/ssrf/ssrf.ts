import type { Severity } from "../../../core/finding.ts";
import { climbs } from "../path/path.ts";
import { isSensitivePath } from "../path/places.ts";
import { hasInnerSpace, SIGN } from "../signs.ts";
import type { Reading } from "../suspicion.ts";
import { type HostKind, hostKind } from "./host.ts";

const HINT =
  /:\/|:\\|^[\s]*[/\\]{2}|\b(?:https?|gopher|dict|ftps?|file|ldaps?|jar):|(?:[0-9]{1,3}\.){1,3}[0-9]|localhost|metadata|\[[0-9a-f]*:|^[\w.-]+(?::\d+)?(?:\/|$)|\.(?:svc|internal)/i;
const URLS_MAX = 32;

/** `scheme:`, slashes of either kind in any number, and what follows up to a blank. */
const URL_LIKE =
  /\b([a-z][a-z0-9+._-]{1,20}):(?:([/\\]{1,4})|(?=[\d[]|https?:|file:|[^\s/@:]{1,64}@))(?=([^\s"'<>`]{1,2048}))/gi;

/** Schemes that reach what a web server would not: other services, files, programs. */
const FOREIGN_SCHEME =
  /^(?:gopher|dict|tftp|ldaps?|ldapi|jar|netdoc|phar|php|zip|expect|glob|ogg|ssh2(?:\.\w+)?|rar|smb|view-source|jndi|rmi|iiop|corba|nis|dns|imaps?|pop3s?|smtps?|telnet|rtsp|rtmp|ftps?|sftp|compress\.(?:zlib|bzip2)|urllib|url|netscape|res|mailbox|acap|irc|finger|ws-?man)$/i;
const ALWAYS_FOREIGN =
  /^(?:gopher|dict|tftp|jar|local_file|netdoc|phar|php|expect|glob|jndi|rmi|ldapi|compress\.(?:zlib|bzip2)|zip|ogg|url|rar|ssh2(?:\.\w+)?)$/i;

/** URLs that make the tool ask where the caller cannot ask itself. */
export function judgeSsrf({ text, purpose, signs }: Reading): Severity | null {
  // More than one word, and no URL among them.
  if ((signs & SIGN.colon) === 0 && purpose !== "url" && hasInnerSpace(text)) return null;
  if (!HINT.test(text)) return null;
  // Browsers drop these, wherever they stand in a URL.
  const bare = text.trim().replace(/[\t\r\n\0]+/g, "");
  const isNamed = purpose === "url";
  const plain = isNamed || !/\s/.test(bare) ? bare : text.trim();
  const isOne = isOneUrl(plain);
  const urls = urlsOf(plain, isOne);
  const worst = urls
    .map(({ scheme, slashes, rest }) => judgeUrl(scheme, slashes, rest, isOne))
    .reduce(worse, null);
  if (worst === "high" || !isOne) return worst;
  if (urls.length === 0) return judgeBareHost(plain, isNamed);
  return [...plain.matchAll(RELATIVE)].some(([, host = ""]) => isInside(host)) ? "high" : worst;
}

interface Url {
  readonly scheme: string;
  readonly slashes: string;
  readonly rest: string;
}

/** All that stands there as a URL, URLs in URLs too. A value that is one goes on behind blanks. */
function urlsOf(text: string, isOne: boolean): readonly Url[] {
  const urls: Url[] = [];
  for (const match of text.matchAll(URL_LIKE)) {
    const [whole, scheme = "", slashes = "", near = ""] = match;
    if (slashes === "" && !TERSE_SCHEME.test(scheme)) continue;
    if (urls.length === URLS_MAX) break;
    const isFirst = isOne && urls.length === 0;
    const rest = isFirst ? text.slice(match.index + whole.length) : near;
    urls.push({ scheme, slashes, rest });
  }
  return urls;
}

/** `?next=//127.0.0.1`: a redirection that takes the scheme it finds. */
const RELATIVE = /=(?:[/\\]{2,4}|%2f%2f)([^\s/?#&\\]{1,128})/gi;

function isInside(host: string): boolean {
  const kind = hostKind(withoutPort(host));
  return kind !== "name" && kind !== "number";
}

/** What some readers take without slashes too: `http:2130706433`. */
const TERSE_SCHEME = /^(?:https?|ftps?|gopher|dict|ldaps?|file|tftp|wss?|jar|url)$/i;

function worse(left: Severity | null, right: Severity | null): Severity | null {
  return left === "high" || right === null ? left : right;
}

/** A URL alone, and no prose around it; `http://a b@c` counts, for some readers take it. */
function isOneUrl(text: string): boolean {
  if (!/\s/.test(text)) return true;
  if (/^[a-z][a-z0-9+.-]*:[/\\]{2}\S+\s\S*$/i.test(text)) return true;
  return /^[a-z][a-z0-9+.-]*:[/\\]{2}/i.test(text) && /@|#/.test(text) && text.length < 256;
}

function judgeUrl(
  scheme: string,
  slashes: string,
  rest: string,
  isWhole: boolean,
): Severity | null {
  if (ALWAYS_FOREIGN.test(scheme)) return judgeForeign(slashes, isWhole);
  if (scheme.toLowerCase() === "file") return judgeFile(slashes, rest, isWhole);
  const { host, hosts, hidden } = hostsOf(rest);
  if (slashes === "" && !isNumberBehind(hosts)) return null;
  const severities = hosts.map((one) => ofKind(hostKind(one), isWhole, scheme));
  const found = severities.reduce(worse, null);
  if (found !== null) return found;
  if (hidden) return "high";
  return isWhole ? judgeName(scheme, slashes, host) : null;
}

function judgeForeign(slashes: string, isWhole: boolean): Severity | null {
  if (isWhole) return "high";
  return slashes === "" ? null : "medium";
}

/** A name without a dot is one of the own network; other schemes are for other services. */
function judgeName(scheme: string, slashes: string, host: string): Severity | null {
  const isWeb = /^(?:https?|wss?|ftps?)$/i.test(scheme);
  if (slashes !== "" && isWeb && /^[a-z][\w-]*$/i.test(host)) return "medium";
  return FOREIGN_SCHEME.test(scheme) ? "medium" : null;
}

/** An address in one piece or in all four: fewer are as likely a time or a version. */
function isNumberBehind(hosts: readonly string[]): boolean {
  return hosts.some((host) => /^\[|^(?:0x[0-9a-f]{7,}|[0-9]{8,})$|^\w+(?:\.\w+){3}$/i.test(host));
}

function ofKind(kind: HostKind, isWhole: boolean, scheme: string): Severity | null {
  switch (kind) {
    case "metadata":
    case "wild":
      return "high";
    case "odd":
      return isWhole || /^https?$/i.test(scheme) ? "high" : null;
    case "inside":
      return isWhole ? "high" : null;
    case "number":
      return isWhole ? "medium" : null;
    case "name":
      return null;
    default:
      return kind satisfies never;
  }
}

function judgeFile(slashes: string, rest: string, isWhole: boolean): Severity | null {
  if (slashes === "") return null;
  const path = slashes.length === 2 ? `/${rest.replace(/^[^/\\]*[/\\]?/, "")}` : `/${rest}`;
  if (isSensitivePath(path) || isSensitivePath(`/${rest}`) || climbs(path) > 0) return "high";
  return isWhole && slashes.length === 2 && !/^localhost[/\\]/i.test(rest) ? "medium" : null;
}

/**
 * Every host that some reader takes for the one: what stands behind each `@`, and before it where
 * it looks like a host. `hidden`: the part before `@` is made to look like the host.
 */
function hostsOf(rest: string): {
  readonly host: string;
  readonly hosts: readonly string[];
  readonly hidden: boolean;
} {
  const authority = rest.replace(/^[/\\]+/, "").split(/[/?#\\]/, 1)[0] ?? "";
  const behind = /[@]/.test(rest) ? (rest.split(/[/?]/, 1)[0] ?? "") : "";
  const parts = [...authority.split("@"), ...behind.split(/[@#\\&\s]/)].slice(0, 16);
  const hosts = parts.map(withoutPort).filter((host) => host !== "");
  const before = authority.includes("@") ? withoutPort(authority.split("@", 1)[0] ?? "") : "";
  const isOdd = /[\\#]@|@[^/]*@/.test(rest.split(/[/?]/, 1)[0] ?? "");
  const host = withoutPort(authority.split("@").at(-1) ?? "");
  return { host, hosts, hidden: isOdd || /^(?:[\w-]+\.)+[a-z]{2,}$/i.test(before) };
}

function withoutPort(host: string): string {
  const bracketed = /^\[[^\]]*\]/.exec(host);
  if (bracketed !== null) return bracketed[0];
  return host.replace(/:[^:]*$/, "").trim();
}

/** A host without a scheme, as the whole value: `169.254.169.254/latest`, `//localhost`. */
function judgeBareHost(text: string, isNamed: boolean): Severity | null {
  const plain = text.replace(/^[/\\]{2,}/, "");
  const host = withoutPort(plain.split(/[/?#\\]/, 1)[0] ?? "");
  const kind = hostKind(host);
  if (/^[\d.]+\/\d{1,2}$/.test(text)) return null;
  if (kind === "metadata" && (/[.:]/.test(host) || isNamed || plain !== text)) return "high";
  if (host === plain && host.startsWith("[") && !isNamed) return null;
  const isUrl = isNamed || plain !== text || /[/:]/.test(text);
  if (!isUrl || !/[.:\]]|localhost|kubernetes|^ip6-/i.test(host)) return null;
  if (kind === "wild") return "high";
  if (kind !== "inside" && kind !== "odd") return null;
  return kind === "inside" || isNamed || plain !== text ? "high" : null;
}

/** Every host that some reader of a URL would ask; none where there is more than a URL. */
export function hostsInUrl({ text, purpose }: Reading): readonly string[] {
  const isNamed = purpose === "url";
  const bare = text.trim().replace(/[\t\r\n\0]+/g, "");
  const plain = isNamed || !/\s/.test(bare) ? bare : text.trim();
  if (!isOneUrl(plain)) return [];
  const urls = urlsOf(plain, true).filter(({ scheme }) => !/^file$/i.test(scheme));
  const redirected = [...plain.matchAll(RELATIVE)].map(([, host = ""]) => withoutPort(host));
  if (urls.length > 0) return [...urls.flatMap(({ rest }) => hostsOf(rest).hosts), ...redirected];
  const isHost = isNamed ? !/^\w+:|^[/\\](?![/\\])/.test(plain) : /^[/\\]{2}/.test(plain);
  return isHost ? [withoutPort(plain.replace(/^[/\\]+/, "").split(/[/?#\\]/, 1)[0] ?? "")] : [];
}
