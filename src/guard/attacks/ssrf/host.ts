import { readIpv4, readIpv6 } from "./address.ts";

/**
 * What a host of a URL is. `odd`: an address in a spelling that only serves to get past a check.
 * `inside`: this machine, its network, its cluster. `wild`: a public name that anybody lets stand
 * for an address of their choice. `number`: a public address without a name.
 */
export type HostKind = "odd" | "inside" | "metadata" | "wild" | "number" | "name";

const INSIDE_NAME =
  /^(?:localhost[46]?|loopback|broadcasthost|ip6-(?:localhost|loopback|localnet|allnodes|allrouters)|ipv6-(?:localhost|loopback)|localhost[46]?\.localdomain[46]?|host\.docker\.internal|gateway\.docker\.internal|kubernetes(?:\.default(?:\.svc(?:\.cluster\.local)?)?)?|0)$|\.(?:localhost|localdomain[46]?|internal|intranet|corp|lan|home\.arpa|cluster\.local|svc|consul)$/;
const METADATA_NAME =
  /^(?:metadata|instance-data|rancher-metadata|metadata\.(?:google\.internal|goog|azure\.\w+|tencentyun\.com|packet\.net|platformequinix\.com)|instance-data\.ec2\.internal)$/;
const WILD_NAME =
  /(?:^|\.)(?:nip\.io|sslip\.io|xip\.io|localtest\.me|lvh\.me|vcap\.me|lacolhost\.com|yoogle\.com|fbi\.com\.localhost|1u\.ms|rbndr\.us|rebind\.network|rbnd\.gl0\.eu|dnsrebinder\.net|nicob\.net|localho\.st|readme\.localtest\.me|traefik\.me|backname\.io|ipq\.co|spoofed\.burpcollaborator\.net|customer\d?-app-169-254-169-254\.nip\.io|ssrf-cloud\.localdomain\.pw|ssrf-race-169\.254\.169\.254\.localdomain\.pw|localdomain\.pw)$/;

export function hostKind(raw: string): HostKind {
  const host = raw.trim().replace(/\.+$/, "").toLowerCase();
  if (host === "") return "name";
  const address = host.includes(":") ? readIpv6(host) : readIpv4(host);
  if (address !== null) {
    if (address.kind === "metadata") return "metadata";
    if (address.kind === "inside") return address.odd ? "odd" : "inside";
    return address.odd ? "odd" : "number";
  }
  if (METADATA_NAME.test(host)) return "metadata";
  if (INSIDE_NAME.test(host)) return "inside";
  return WILD_NAME.test(host) ? "wild" : "name";
}
