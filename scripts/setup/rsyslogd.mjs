/**
 * rsyslog, to which a test ships the decision log: from IMPEDANCE_RSYSLOGD, else PATH, else from
 * Debian's packages.
 */

import { join } from "node:path";
import { findBinary } from "./binary.mjs";
import { installFromDebian, quoted } from "./debian.mjs";
import { toolsDirectory } from "./paths.mjs";

const home = join(toolsDirectory, "rsyslog");

/** Debian's rsyslogd finds libraries and modules by absolute paths; ours stand elsewhere. */
const launcher = `#!/bin/sh
home=${quoted(join(home, "usr"))}
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

  install() {
    return installFromDebian(rsyslogd, {
      // The daemon, its TLS, and what of theirs a system without rsyslog lacks.
      packages: ["rsyslog", "rsyslog-gnutls", "libestr0", "libfastjson4"],
      home,
      launcher,
      size: "1 MB",
      remedy:
        "install rsyslog 8 and rsyslog-gnutls and put rsyslogd in PATH, or set IMPEDANCE_RSYSLOGD to it",
    });
  },
};
