import { readdir, readFile, readlink } from "node:fs/promises";
import { isIP } from "node:net";
import { basename } from "node:path";

const LISTENING = "0A";

/**
 * Names the process that listens on a port, as `node (process 4711)`; null when nobody does, when
 * the process belongs to another user, or where the system has no `/proc`.
 */
export async function portOwner(host: string, port: number): Promise<string | null> {
  const tables = await Promise.all(["tcp", "tcp6"].map((name) => readText(`/proc/net/${name}`)));
  const sockets = new Set(tables.flatMap((table) => listeningSockets(table, host, port)));
  if (sockets.size === 0) return null;
  for (const entry of await readNames("/proc")) {
    if (!/^\d+$/.test(entry) || !(await holdsSocket(entry, sockets))) continue;
    // Not `comm`: that is the name of a thread, and Node calls its own "MainThread".
    const [program = ""] = (await readText(`/proc/${entry}/cmdline`)).split("\0", 1);
    return `${program === "" ? "a process" : basename(program)} (process ${entry})`;
  }
  return null;
}

/** Columns of `/proc/net/tcp` (proc_pid_net(5)): 1 local address, 3 state, 9 inode. */
function listeningSockets(table: string, host: string, port: number): string[] {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  const found: string[] = [];
  for (const line of table.split("\n")) {
    const [, local, , state, , , , , , inode] = line.trim().split(/\s+/);
    if (state !== LISTENING || local === undefined || inode === undefined) continue;
    if (local.endsWith(suffix) && covers(local.slice(0, -suffix.length), host)) {
      found.push(`socket:[${inode}]`);
    }
  }
  return found;
}

/** Whether a socket on this address takes what `host` would. A name may be any address. */
function covers(hexAddress: string, host: string): boolean {
  if (/^0+$/.test(hexAddress)) return true;
  if (isIP(host) !== 4) return true;
  const octets = host.split(".").map((octet) => Number(octet).toString(16).padStart(2, "0"));
  const address = octets.reverse().join("").toUpperCase();
  return hexAddress.endsWith(address) || host === "0.0.0.0";
}

async function holdsSocket(processId: string, sockets: ReadonlySet<string>): Promise<boolean> {
  const folder = `/proc/${processId}/fd`;
  for (const descriptor of await readNames(folder)) {
    const target = await readlink(`${folder}/${descriptor}`).catch(() => "");
    if (sockets.has(target)) return true;
  }
  return false;
}

async function readNames(folder: string): Promise<string[]> {
  return readdir(folder).catch(() => []);
}

async function readText(file: string): Promise<string> {
  return readFile(file, "utf8").catch(() => "");
}
