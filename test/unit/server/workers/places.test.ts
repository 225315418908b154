import { describe, expect, test } from "vitest";

import { defaultConfig } from "../../../../src/config/load-config.ts";
import { decodeEndpoint } from "../../../../src/core/address.ts";
import { auditOfLane, workerEndpoints } from "../../../../src/server/workers/places.ts";

const admin = { host: "127.0.0.1", port: 9192 };

describe("the addresses of workers", () => {
  test.each([
    { title: "the one, of one", grpc: "127.0.0.1:9191", count: 1, places: ["127.0.0.1:9191"] },
    {
      title: "ports in a row, without the admin port",
      grpc: "127.0.0.1:9191",
      count: 3,
      places: ["127.0.0.1:9191", "127.0.0.1:9193", "127.0.0.1:9194"],
    },
    {
      title: "sockets with a number",
      grpc: "unix:/run/x.sock",
      count: 2,
      places: ["unix:/run/x.0.sock", "unix:/run/x.1.sock"],
    },
  ])("are $title", ({ grpc, count, places }) => {
    const endpoint = decodeEndpoint(grpc);
    if (endpoint === null) throw new Error(grpc);
    expect(workerEndpoints({ grpc: endpoint, admin }, count)).toEqual({
      ok: true,
      value: places.map(decodeEndpoint),
    });
  });

  test.each(["127.0.0.1:0", "127.0.0.1:65535"])("are not to be had from %s", (grpc) => {
    const endpoint = decodeEndpoint(grpc);
    if (endpoint === null) throw new Error(grpc);
    expect(workerEndpoints({ grpc: endpoint, admin }, 2).ok).toBe(false);
  });
});

test("each lane of a log has files of its own", () => {
  const config = defaultConfig({});
  if (!config.ok) throw new Error("the defaults");
  const audit = {
    ...config.value.audit,
    file: "/log/decisions.jsonl",
    headFile: "/kept/a.head",
    fallbackFiles: ["/other/decisions.jsonl"],
  };
  expect(auditOfLane(audit, 1)).toMatchObject({
    file: "/log/decisions.w1.jsonl",
    headFile: "/kept/a.w1.head",
    fallbackFiles: ["/other/decisions.w1.jsonl"],
  });
});
