import { createSocket } from "node:dgram";
import { once } from "node:events";

/** What a name server says of a name: its addresses, nothing at all, or that it failed. */
export type Zone = ReadonlyMap<string, ZoneAnswer>;
export type ZoneAnswer = readonly string[] | "silent" | "failed";

/** A real name server on this machine, over UDP. What it does not know does not exist. */
export interface NameServer extends AsyncDisposable {
  /** `address:port` */
  readonly address: string;
  /** `name type`, in the order in which it was asked. */
  readonly asked: readonly string[];
}

const TYPES: ReadonlyMap<number, "A" | "AAAA"> = new Map([
  [1, "A"],
  [28, "AAAA"],
]);
const TTL_S = 30;
/** RFC 1035 section 4.1.1. */
const NO_SUCH_NAME = 3;
const SERVER_FAILURE = 2;

export async function startNameServer(zone: Zone): Promise<NameServer> {
  const socket = createSocket("udp4");
  const asked: string[] = [];
  socket.on("message", (query, { port, address }) => {
    const { name, type, end } = questionIn(query);
    asked.push(`${name} ${type}`);
    const known = zone.get(name);
    if (known === "silent") return;
    const wanted = typeof known === "object" ? known : [];
    const records = wanted
      .filter((one) => one.includes(":") === (type === "AAAA"))
      .map((one) => recordOf(one));
    const code = known === undefined ? NO_SUCH_NAME : codeOf(known);
    const head = Buffer.alloc(12);
    query.copy(head, 0, 0, 2);
    head.writeUInt16BE(0x8180 | code, 2);
    head.writeUInt16BE(1, 4);
    head.writeUInt16BE(records.length, 6);
    socket.send(Buffer.concat([head, query.subarray(12, end), ...records]), port, address);
  });
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  return {
    address: `127.0.0.1:${socket.address().port}`,
    asked,
    async [Symbol.asyncDispose]() {
      socket.close();
      await once(socket, "close");
    },
  };
}

function codeOf(known: readonly string[] | "failed"): number {
  return known === "failed" ? SERVER_FAILURE : 0;
}

/** RFC 1035 section 4.1.2; queries do not compress names. */
function questionIn(query: Buffer): { readonly name: string; type: string; readonly end: number } {
  const labels: string[] = [];
  let at = 12;
  for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
    labels.push(query.toString("latin1", at + 1, at + 1 + length));
    at += length + 1;
  }
  const type = TYPES.get(query.readUInt16BE(at + 1)) ?? "other";
  return { name: labels.join(".").toLowerCase(), type, end: at + 5 };
}

function recordOf(address: string): Buffer {
  const data = address.includes(":") ? bytesOfIpv6(address) : address.split(".").map(Number);
  const head = Buffer.alloc(12);
  head.writeUInt16BE(0xc00c, 0);
  head.writeUInt16BE(address.includes(":") ? 28 : 1, 2);
  head.writeUInt16BE(1, 4);
  head.writeUInt32BE(TTL_S, 6);
  head.writeUInt16BE(data.length, 10);
  return Buffer.concat([head, Buffer.from(data)]);
}

function bytesOfIpv6(address: string): readonly number[] {
  const [head = [], tail = []] = address
    .split("::")
    .map((half) => (half === "" ? [] : half.split(":").map((word) => Number.parseInt(word, 16))));
  const zeros = Array<number>(8 - head.length - tail.length).fill(0);
  return [...head, ...zeros, ...tail].flatMap((word) => [word >> 8, word & 0xff]);
}
