/**
 * What `npm run bench` loads with: wrk (as many calls as go through, each answer compared) and
 * h2load (so many calls a second, whatever becomes of them). From IMPEDANCE_WRK and
 * IMPEDANCE_H2LOAD, else PATH, else from Debian's packages.
 */

import { join } from "node:path";
import { findBinary } from "./binary.mjs";
import { installFromDebian, quoted } from "./debian.mjs";
import { toolsDirectory } from "./paths.mjs";

export const wrk = {
  name: "wrk",
  variable: "IMPEDANCE_WRK",
  command: "wrk",
  wanted: "4.1 or newer",
  versionArgs: ["-v"],
  // It takes the question for a call that lacks a URL.
  versionStatus: 1,
  versionPattern: /^wrk\s+(?:debian\/)?(\d+)\.(\d+)\.(\d+)/,

  accepts(version) {
    return isAtLeast(version, 4, 1);
  },

  find() {
    return findBinary(wrk);
  },

  install() {
    return install(wrk, ["wrk", "libluajit-5.1-2", "libluajit-5.1-common"], "1 MB");
  },
};

export const h2load = {
  name: "h2load",
  variable: "IMPEDANCE_H2LOAD",
  command: "h2load",
  wanted: "1.52 or newer",
  versionArgs: ["--version"],
  versionPattern: /nghttp2\/(\d+)\.(\d+)\.(\d+)/,

  accepts(version) {
    return isAtLeast(version, 1, 52);
  },

  find() {
    return findBinary(h2load);
  },

  install() {
    return install(h2load, ["nghttp2-client", "libjemalloc2", "libev4"], "1 MB");
  },
};

function isAtLeast(version, wantedMajor, wantedMinor) {
  const [major = 0, minor = 0] = version ?? [];
  return major > wantedMajor || (major === wantedMajor && minor >= wantedMinor);
}

function install(tool, packages, size) {
  const home = join(toolsDirectory, tool.name);
  const launcher = `#!/bin/sh
home=${quoted(join(home, "usr"))}
for folder in "$home"/lib/*-linux-*; do libraries=$folder; done
LD_LIBRARY_PATH=$libraries\${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
export LD_LIBRARY_PATH
exec "$home/bin/${tool.command}" "$@"
`;
  const remedy = `install ${tool.command} ${tool.wanted} and put it in PATH, or set ${tool.variable} to it`;
  return installFromDebian(tool, { packages, home, launcher, remedy, size });
}
