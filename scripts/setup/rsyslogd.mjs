/**
 * rsyslog, to which a test ships the decision log: from IMPEDANCE_RSYSLOGD, else PATH, else from
 * Debian's packages. Those are downloaded and unpacked, not installed: nothing outside of the
 * checkout changes, and no root is needed. Where there is no apt, the test is skipped.
 */

import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { findBinary, rejectedInPath, requireInstalled } from "./binary.mjs";
import { run } from "./child.mjs";
import { lastLines, SetupFailure, step } from "./failure.mjs";
import { toolsBinDirectory, toolsDirectory } from "./paths.mjs";

/** The daemon, its TLS, and what of theirs a system without rsyslog lacks. */
const debianPackages = ["rsyslog", "rsyslog-gnutls", "libestr0", "libfastjson4"];
const home = join(toolsDirectory, "rsyslog");
const remedy =
  "install rsyslog 8 and rsyslog-gnutls and put rsyslogd in PATH, or set IMPEDANCE_RSYSLOGD to it";

/** Debian's rsyslogd finds libraries and modules by absolute paths; ours stand elsewhere. */
const launcher = `#!/bin/sh
home='${join(home, "usr").replaceAll("'", "'\\''")}'
for folder in "$home"/lib/*/rsyslog; do modules=$folder; done
LD_LIBRARY_PATH=$(dirname "$modules")\${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
export LD_LIBRARY_PATH
exec "$home/sbin/rsyslogd" -M "$modules" "$@"
`;

export const rsyslogd = {
  name: "rsyslogd",
  variable: "IMPEDANCE_RSYSLOGD",
  command: "rsyslogd",
  wanted: "8",
  versionArgs: ["-v"],
  versionPattern: /^rsyslogd\s+(\d+)\.(\d+)\.(\d+)/m,

  accepts(version) {
    return version?.[0] === 8;
  },

  find() {
    return findBinary(rsyslogd);
  },

  async install() {
    const tried = rejectedInPath(rsyslogd);
    step("rsyslogd: downloading Debian's packages, 1 MB");
    mkdirSync(toolsBinDirectory, { recursive: true });
    const workshop = mkdtempSync(join(toolsDirectory, "rsyslog-"));
    try {
      await download(workshop, tried);
      await unpack(workshop);
    } finally {
      rmSync(workshop, { recursive: true, force: true });
    }
    const path = join(toolsBinDirectory, rsyslogd.command);
    writeFileSync(`${path}.draft`, launcher);
    chmodSync(`${path}.draft`, 0o755);
    renameSync(`${path}.draft`, path);
    return requireInstalled(rsyslogd, path);
  },
};

/** With the lists of packages that are there; else with lists of our own, in the workshop. */
async function download(workshop, tried) {
  const own = ["-o", `Dir::State::lists=${workshop}/lists`, "-o", `Dir::Cache=${workshop}/cache`];
  mkdirSync(join(workshop, "lists", "partial"), { recursive: true });
  mkdirSync(join(workshop, "cache", "archives", "partial"), { recursive: true });
  const fetch = ["-q", "download", ...debianPackages];
  if (await succeeds(workshop, fetch, tried)) return;
  const hasLists = await succeeds(workshop, [...own, "-q", "update"], tried);
  if (hasLists && (await succeeds(workshop, [...own, ...fetch], tried))) return;
  throw new SetupFailure("rsyslogd is missing", { tried, remedy });
}

async function succeeds(workshop, args, tried) {
  try {
    const { code, stderr } = await run("apt-get", args, { capture: true, cwd: workshop });
    if (code === 0) return true;
    tried.push(`apt-get ${args.join(" ")}: ${lastLines(stderr)}`);
  } catch (error) {
    tried.push(`apt-get: ${error.message}`);
  }
  return false;
}

async function unpack(workshop) {
  const root = join(workshop, "root");
  for (const name of readdirSync(workshop).filter((each) => each.endsWith(".deb"))) {
    const args = ["-x", join(workshop, name), root];
    const { code, stderr } = await run("dpkg-deb", args, { capture: true });
    if (code === 0) continue;
    const tried = [`dpkg-deb ${args.join(" ")}: ${lastLines(stderr)}`];
    throw new SetupFailure("rsyslog's packages cannot be unpacked", { tried, remedy });
  }
  rmSync(home, { recursive: true, force: true });
  renameSync(root, home);
}
