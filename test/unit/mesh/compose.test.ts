/** What compose.yaml gives its containers, and what it does not. */

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import type { Json } from "../../support/mesh/sent.ts";
import { ENVOY_FOLDER, shipped } from "../../support/mesh/translated.ts";

const compose: Json = parse(shipped("compose/compose.yaml"), { merge: true });
const services = Object.entries<Json>(compose.services);
const HERE = join(ENVOY_FOLDER, "compose");

describe.each(services)("%s", (_, service) => {
  test("has a read-only root, no capabilities, no new privileges and a user that is not root", () => {
    expect(service).toMatchObject({
      read_only: true,
      cap_drop: ["ALL"],
      security_opt: ["no-new-privileges:true"],
    });
    expect(service).not.toHaveProperty("cap_add");
    expect(service).not.toHaveProperty("privileged");
    expect(service.user).toMatch(/^[1-9]\d*:[1-9]\d*$/);
  });

  test("has bounds, and a health check with bounds", () => {
    expect(service.mem_limit).toMatch(/^\d+m$/);
    expect(service.pids_limit).toBeGreaterThan(0);
    expect(service.healthcheck).toMatchObject({
      interval: expect.stringMatching(/s$/),
      timeout: expect.stringMatching(/s$/),
      retries: 3,
    });
    expect(service.healthcheck.test[0]).toBe("CMD");
  });

  test("has an image of a version", () => {
    expect(service.image).toMatch(/:v?\d+\.\d+\.\d+$/);
  });

  test("reads files that are there, and writes to volumes alone", () => {
    for (const { type, source, read_only } of service.volumes ?? []) {
      if (type === "volume") expect(compose.volumes).toHaveProperty(source);
      else {
        expect(existsSync(join(HERE, source))).toBe(true);
        expect(read_only).toBe(true);
      }
    }
  });
});

test("clients reach Envoy alone, on this machine alone", () => {
  const published = services.filter(([, { ports }]) => ports !== undefined);
  expect(published.map(([name, { ports }]) => [name, ports])).toEqual([
    ["envoy", ["127.0.0.1:8070:8070"]],
  ]);
});

test("the server has no way out, and Impedance no network", () => {
  expect(compose.services.everything.networks).toEqual(["servers"]);
  expect(compose.networks.servers).toEqual({ internal: true });
  expect(compose.services.impedance.network_mode).toBe("none");
  expect(compose.services.impedance).not.toHaveProperty("networks");
});

test("Envoy starts when both of the others are healthy, as the owner of the socket", () => {
  const { envoy, impedance } = compose.services;
  expect(envoy.depends_on).toEqual({
    impedance: { condition: "service_healthy" },
    everything: { condition: "service_healthy" },
  });
  expect(envoy.user).toBe(impedance.user);
  const dockerfile = readFileSync(
    join(HERE, compose.services.impedance.build.context, "Dockerfile"),
  );
  expect(dockerfile.toString()).toContain(`USER ${impedance.user}`);
  expect(compose.volumes.socket.driver_opts.o).toContain("uid=65532,gid=65532,mode=0700");
});

test("the health checks run programs that the images have", () => {
  const dockerfile = readFileSync(
    join(HERE, compose.services.impedance.build.context, "Dockerfile"),
  );
  const [, node, main] = compose.services.impedance.healthcheck.test;
  expect(dockerfile.toString()).toContain(`ENTRYPOINT ["${node}", "${main}"]`);
  // The distroless image of Envoy has no bash.
  expect(compose.services.envoy.image).not.toContain("distroless");
});

test("the server's package is the version that is tested here", () => {
  const manifest = JSON.parse(readFileSync(join(HERE, "../../package.json"), "utf8"));
  const name = "@modelcontextprotocol/server-everything";
  expect(compose.services.everything.build.dockerfile_inline).toContain(
    `${name}@${manifest.devDependencies[name]}`,
  );
});
