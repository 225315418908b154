import { BlockList, isIP } from "node:net";
import type { Labels, Manifest } from "./manifests.ts";

/** Who talks on the cluster's network: a pod, or an address outside of it. */
export type Party =
  | {
      readonly namespace: string;
      readonly namespaceLabels: Labels;
      readonly labels: Labels;
      /** Container ports by name. */
      readonly ports?: { readonly [name: string]: number };
    }
  | { readonly ip: string };

export interface Connection {
  readonly from: Party;
  readonly to: Party;
  readonly port: number;
  readonly protocol?: "TCP" | "UDP";
}

/**
 * Whether NetworkPolicies let a connection through, as networking.k8s.io/v1 means it: a pod that no
 * policy of a direction selects is open in it, and one that some select gets what any of them
 * allows. A connection needs the word of both ends; addresses outside have no policies.
 */
export function isAllowed(policies: readonly Manifest[], connection: Connection): boolean {
  const { from, to } = connection;
  return (
    isOpen(policies, "Egress", from, to, connection) &&
    isOpen(policies, "Ingress", to, from, connection)
  );
}

function isOpen(
  policies: readonly Manifest[],
  direction: "Ingress" | "Egress",
  subject: Party,
  peer: Party,
  connection: Connection,
): boolean {
  if ("ip" in subject) return true;
  const selecting = policies.filter(
    ({ kind, metadata, spec }) =>
      kind === "NetworkPolicy" &&
      metadata.namespace === subject.namespace &&
      typesOf(spec).includes(direction) &&
      selects(spec.podSelector, subject.labels),
  );
  if (selecting.length === 0) return true;
  return selecting.some(({ spec }) =>
    (spec[direction.toLowerCase()] ?? []).some(
      (rule: Manifest["spec"]) =>
        fitsPeer(rule[direction === "Ingress" ? "from" : "to"], peer, subject.namespace) &&
        fitsPort(rule.ports, connection),
    ),
  );
}

function typesOf(spec: Manifest["spec"]): readonly string[] {
  return spec.policyTypes ?? (spec.egress === undefined ? ["Ingress"] : ["Ingress", "Egress"]);
}

function fitsPeer(peers: Manifest["spec"], party: Party, ownNamespace: string): boolean {
  if (peers === undefined || peers.length === 0) return true;
  return peers.some((peer: Manifest["spec"]) => {
    if (peer.ipBlock !== undefined) return "ip" in party && isIn(peer.ipBlock, party.ip);
    if ("ip" in party) return false;
    const isNamespace =
      peer.namespaceSelector === undefined
        ? party.namespace === ownNamespace
        : selects(peer.namespaceSelector, party.namespaceLabels);
    return isNamespace && selects(peer.podSelector ?? {}, party.labels);
  });
}

function isIn(block: { readonly cidr: string; readonly except?: string[] }, ip: string): boolean {
  return within(block.cidr, ip) && !(block.except ?? []).some((cidr) => within(cidr, ip));
}

function within(cidr: string, ip: string): boolean {
  const [network = "", prefix = ""] = cidr.split("/");
  const family = (address: string) => (isIP(address) === 6 ? "ipv6" : "ipv4");
  const list = new BlockList();
  list.addSubnet(network, Number(prefix), family(network));
  return list.check(ip, family(ip));
}

/** A named port is the target's: without a container port of the name it is none. */
function fitsPort(ports: Manifest["spec"], { to, port, protocol = "TCP" }: Connection): boolean {
  if (ports === undefined || ports.length === 0) return true;
  return ports.some((each: Manifest["spec"]) => {
    if ((each.protocol ?? "TCP") !== protocol) return false;
    if (each.port === undefined) return true;
    if (typeof each.port === "string") return "ports" in to && to.ports?.[each.port] === port;
    return port >= each.port && port <= (each.endPort ?? each.port);
  });
}

function selects(selector: Manifest["spec"], labels: Labels): boolean {
  const wanted: readonly (readonly [string, unknown])[] = Object.entries(
    selector.matchLabels ?? {},
  );
  const expressions: readonly Manifest["spec"][] = selector.matchExpressions ?? [];
  return (
    wanted.every(([name, value]) => labels[name] === value) &&
    expressions.every(({ key, operator, values = [] }) => {
      const value = labels[key];
      if (operator === "Exists") return value !== undefined;
      if (operator === "DoesNotExist") return value === undefined;
      const isListed = value !== undefined && values.includes(value);
      if (operator === "In") return isListed;
      if (operator === "NotIn") return !isListed;
      throw new Error(`a selector has the operator ${operator}`);
    })
  );
}
