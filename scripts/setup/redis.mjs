/**
 * Redis, in which a test keeps what replicas share: from IMPEDANCE_REDIS_SERVER, else PATH, else
 * from Debian's packages.
 */

import { join } from "node:path";
import { findBinary } from "./binary.mjs";
import { installFromDebian, quoted } from "./debian.mjs";
import { toolsDirectory } from "./paths.mjs";

const home = join(toolsDirectory, "redis");

const launcher = `#!/bin/sh
home=${quoted(join(home, "usr"))}
for folder in "$home"/lib/*-linux-*; do libraries=$folder; done
LD_LIBRARY_PATH=$libraries\${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
export LD_LIBRARY_PATH
exec "$home/bin/redis-server" "$@"
`;

export const redis = {
  name: "redis-server",
  variable: "IMPEDANCE_REDIS_SERVER",
  command: "redis-server",
  wanted: "6.2 or newer",
  versionArgs: ["--version"],
  versionPattern: /v=(\d+)\.(\d+)\.(\d+)/,

  accepts(version) {
    const [major = 0, minor = 0] = version ?? [];
    return major > 6 || (major === 6 && minor >= 2);
  },

  find() {
    return findBinary(redis);
  },

  install() {
    return installFromDebian(redis, {
      // The server, and what of its libraries a system without Redis lacks.
      packages: [
        ...["redis-server", "redis-tools", "libjemalloc2", "liblzf1", "libhiredis0.14"],
        ...["liblua5.1-0", "lua-bitop", "lua-cjson"],
      ],
      home,
      launcher,
      size: "2 MB",
      remedy:
        "install Redis 6.2 or newer and put redis-server in PATH, or set IMPEDANCE_REDIS_SERVER",
    });
  },
};
