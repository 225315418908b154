import { describe, expect, test } from "vitest";
import { loadConfig } from "../../../src/config/load-config.ts";

const HASH = "a".repeat(64);

function faultsOf(text: string) {
  const config = loadConfig(text, "impedance.yaml", {});
  return config.ok ? [] : config.error.map(({ path, problem }) => `${path}: ${problem}`);
}

function configOf(text: string) {
  const config = loadConfig(text, "/etc/impedance/impedance.yaml", {});
  if (!config.ok) throw new Error(JSON.stringify(config.error));
  return config.value;
}

describe("posture and integrity", () => {
  test("look at the whole host by default, for facts alone, and at nothing else", () => {
    const { posture, integrity } = configOf("");
    expect([...posture.checks]).toEqual([
      ["disk_encryption", "fact"],
      ["secure_boot", "fact"],
      ["kernel_lockdown", "fact"],
      ["mandatory_access_control", "fact"],
      ["read_only_root", "fact"],
      ["unprivileged", "fact"],
    ]);
    expect(posture).toMatchObject({ intervalMs: 300_000, diskPaths: ["/"], source: null });
    expect(integrity).toMatchObject({ bundle: null, files: new Map() });
  });

  test("have paths of the file's folder, and times in milliseconds", () => {
    const { posture, integrity, ownPaths } = configOf(`
posture:
  checks: { secure_boot: off }
  source: { url: https://m.example/p, issuer: https://m.example, jwks_file: keys.json, token_file: t,
    device_claim: device_id, device_checks: { compliant: deny } }
integrity:
  files: { server: { path: bin/server, sha256: ${HASH}, on_failure: deny } }
  bundle: { verifier: [/bin/v, "{file}"], verifier_deadline_ms: 50 }`);
    expect(posture.checks.has("secure_boot")).toBe(false);
    expect(posture.source).toMatchObject({
      tokenFile: "/etc/impedance/t",
      pollIntervalMs: 60_000,
      deviceChecks: new Map([["compliant", "deny"]]),
      signer: {
        keys: { kind: "file", path: "/etc/impedance/keys.json" },
        types: ["posture+jwt"],
        audience: "impedance",
        tokenMaxAgeMs: 900_000,
      },
    });
    expect(integrity.files.get("server")).toEqual({
      path: "/etc/impedance/bin/server",
      sha256: HASH,
      verifier: null,
      onFailure: "deny",
    });
    expect(integrity.bundle).toEqual({
      sha256: null,
      verifier: { command: ["/bin/v", "{file}"], deadlineMs: 50 },
      onFailure: "fact",
    });
    // What the gateway believes the source by is for no caller to read.
    expect(ownPaths).toContain("/etc/impedance/keys.json");
    expect(ownPaths).toContain("/etc/impedance/t");
  });

  const SOURCE = "issuer: https://m.example";
  test.each([
    { text: "posture: { checks: { secure_bot: deny } }", fault: "posture.checks.secure_bot" },
    { text: "posture: { checks: { secure_boot: panic } }", fault: "posture.checks.secure_boot" },
    { text: "posture: { disk_paths: [var] }", fault: "posture.disk_paths.0" },
    { text: `posture: { source: { ${SOURCE} } }`, fault: "posture.source: lacks url" },
    {
      text: `posture: { source: { ${SOURCE}, url: http://m.example/p } }`,
      fault: "posture.source.url: can be changed on the way",
    },
    {
      text: `posture: { source: { ${SOURCE}, url: https://m/p, jwks_file: a, jwks_uri: https://m/k } }`,
      fault: "posture.source.jwks_uri: has no effect",
    },
    {
      text: `posture: { source: { ${SOURCE}, url: https://m/p, device_checks: { a: deny } } }`,
      fault: "posture.source.device_checks: is about devices that nothing names",
    },
    {
      text: `posture: { source: { ${SOURCE}, url: https://m/p, device_claim: d, device_checks: { a: shutdown } } }`,
      fault: "posture.source.device_checks.a",
    },
    {
      text: `posture: { source: { ${SOURCE}, url: https://m/p, checks: { Edr: deny } } }`,
      fault: "posture.source.checks.Edr",
    },
    { text: "integrity: { files: { a: { path: b } } }", fault: "integrity.files.a: has nothing" },
    { text: "integrity: { bundle: {} }", fault: "integrity.bundle: has nothing" },
    {
      text: `integrity: { files: { a: { path: b, sha256: ${HASH.slice(1)} } } }`,
      fault: "integrity.files.a.sha256",
    },
    {
      text: "integrity: { files: { a: { path: b, verifier: [cosign] } } }",
      fault: "integrity.files.a.verifier.0: is no absolute path",
    },
    {
      text: `integrity: { files: { policy_bundle: { path: b, sha256: ${HASH} } } }`,
      fault: "integrity.files.policy_bundle: is the name of the bundle's check",
    },
    {
      text: `policy: { bundle: "https://b.example/b.tar.gz" }
integrity: { bundle: { sha256: ${HASH}, on_failure: shutdown } }`,
      fault: "integrity.bundle.on_failure: has no effect on a bundle at an address",
    },
  ])("refuse $text", ({ text, fault }) => {
    const faults = faultsOf(text);
    expect(faults).toHaveLength(1);
    expect(faults[0]).toContain(fault);
  });
});
