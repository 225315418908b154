import { mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

import type { Config } from "../../../src/config/config.ts";
import { defaultConfig } from "../../../src/config/load-config.ts";
import { type LivePolicy, type Reload, startLivePolicy } from "../../../src/server/live-policy.ts";
import { packagePath } from "../../../src/server/package-root.ts";
import { systemClock } from "../../../src/server/system.ts";
import { waitFor } from "../../support/wait.ts";

const BUNDLE = packagePath("dist/policy/bundle.tar.gz");

let folder: string;
let file: string;
let told: Reload[];
let live: LivePolicy | null;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "impedance-live-"));
  file = join(folder, "policy.yaml");
  told = [];
  live = null;
});

afterEach(async () => {
  live?.stop();
  await rm(folder, { recursive: true });
});

function policy(byDefault: "allow" | "deny", more = ""): string {
  return `policy_id: p\nversion: "1"\ndefault: ${byDefault}\n${more}`;
}

/** `pollIntervalMs` is long, so that only the test looks, unless it says otherwise. */
async function start(settings: Partial<Config["policy"]>) {
  const config = defaultConfig({});
  if (!config.ok) throw new Error("the defaults are a configuration");
  const started = await startLivePolicy({
    config: {
      ...config.value,
      policy: { ...config.value.policy, pollIntervalMs: 3_600_000, ...settings },
    },
    clock: systemClock,
    onGuardFault() {},
    onReload: (reload) => told.push(reload),
  });
  if (started.ok) live = started.value;
  return started;
}

async function startWith(settings: Partial<Config["policy"]>): Promise<LivePolicy> {
  const started = await start(settings);
  if (!started.ok) throw new Error(started.error.join("\n"));
  return started.value;
}

describe("a policy in a file", () => {
  beforeEach(() => writeFile(file, policy("deny")));

  test("stays in force while the file is the same", async () => {
    const { current, reload } = await startWith({ file });
    const before = current();
    expect(await reload()).toEqual({ kind: "unchanged" });
    expect(current()).toBe(before);
    expect(told).toEqual([]);
  });

  test("is replaced as one when the file is another", async () => {
    const { current, reload } = await startWith({ file });
    const from = current().policy.engine.revision;
    await writeFile(file, policy("allow"));
    const reloaded = await reload();
    const to = current().policy.engine.revision;
    expect(reloaded).toEqual({ kind: "loaded", from, to });
    expect(to).not.toBe(from);
    expect(current().policy.default).toBe("allow");
    expect(told).toEqual([reloaded]);
  });

  test("is found without being asked", async () => {
    const { current } = await startWith({ file, pollIntervalMs: 20 });
    await writeFile(`${file}.new`, policy("allow"));
    await rename(`${file}.new`, file);
    await waitFor("the other policy", () => current().policy.default === "allow");
  });

  test("brings its own masking along", async () => {
    const { current, reload } = await startWith({ file });
    const before = current().inspector;
    await writeFile(file, policy("deny", "redact: { enabled: true, pii_emails: true }\n"));
    await reload();
    expect(current().policy.redact).not.toBeNull();
    expect(current().inspector).not.toBe(before);
  });

  test.each([
    { title: "is broken", change: () => writeFile(file, "default: maybe\n") },
    { title: "is gone", change: () => rm(file) },
    { title: "is empty, as one that is being written", change: () => writeFile(file, "") },
  ])("stays as it was when the file $title, and says so once", async ({ change }) => {
    const { current, reload } = await startWith({ file });
    const before = current();
    await change();
    expect(await reload()).toMatchObject({ kind: "refused" });
    await reload();
    expect(current()).toBe(before);
    expect(told).toEqual([
      { kind: "refused", errors: expect.arrayContaining([expect.stringContaining(file)]) },
    ]);
  });

  test("is taken once the file is right again", async () => {
    const { current, reload } = await startWith({ file });
    await writeFile(file, "nonsense");
    await reload();
    await writeFile(file, policy("allow"));
    expect(await reload()).toMatchObject({ kind: "loaded" });
    expect(current().policy.default).toBe("allow");
  });

  test("that is news stays news while its bundle cannot be read", async () => {
    const bundle = join(folder, "bundle.tar.gz");
    const bytes = await readFile(BUNDLE);
    await writeFile(bundle, bytes);
    const { current, reload } = await startWith({ file, bundle });
    await rm(bundle);
    await writeFile(file, policy("allow"));
    expect(await reload()).toMatchObject({ kind: "refused" });
    await writeFile(bundle, bytes);
    expect(await reload()).toMatchObject({ kind: "loaded" });
    expect(current().policy.default).toBe("allow");
  });
});

describe("a bundle at an address", () => {
  let server: Server;
  let bundle: string;
  let requests: IncomingMessage[];
  let answer: (request: IncomingMessage, response: ServerResponse) => void;

  beforeEach(async () => {
    requests = [];
    server = createServer((request, response) => {
      requests.push(request);
      answer(request, response);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    bundle = `http://127.0.0.1:${(server.address() as AddressInfo).port}/bundle.tar.gz`;
    const bytes = await readFile(BUNDLE);
    answer = (request, response) => {
      const isKnown = request.headers["if-none-match"] === '"one"';
      response.writeHead(isKnown ? 304 : 200, { etag: '"one"' }).end(isKnown ? undefined : bytes);
    };
  });

  afterEach(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  test("is asked for with the tag it came with", async () => {
    const { reload } = await startWith({ bundle });
    expect(await reload()).toEqual({ kind: "unchanged" });
    expect(requests.map(({ headers }) => headers["if-none-match"])).toEqual([undefined, '"one"']);
  });

  test("is the same when its bytes are, whatever its tag", async () => {
    const bytes = await readFile(BUNDLE);
    answer = (_request, response) => response.end(bytes);
    const { reload } = await startWith({ bundle });
    expect(await reload()).toEqual({ kind: "unchanged" });
  });

  test("is asked for with the token, which stands nowhere else", async () => {
    const bundleToken = { reference: "env:TOKEN", reveal: () => Buffer.from("not-for-logs") };
    const { reload } = await startWith({ bundle, bundleToken });
    expect(requests[0]?.headers.authorization).toBe("Bearer not-for-logs");
    answer = (_request, response) => response.writeHead(403).end();
    await reload();
    expect(JSON.stringify(told)).toContain("403");
    expect(JSON.stringify(told)).not.toContain("not-for-logs");
  });

  test.each([
    {
      title: "is moved",
      with: (_: IncomingMessage, response: ServerResponse) =>
        response.writeHead(302, { location: "/elsewhere" }).end(),
    },
    {
      title: "fails",
      with: (_: IncomingMessage, response: ServerResponse) => response.writeHead(500).end(),
    },
    {
      title: "breaks off",
      with: (_: IncomingMessage, response: ServerResponse) => {
        response.writeHead(200, { "content-length": "100" });
        response.write("x", () => response.destroy());
      },
    },
    {
      title: "is nonsense",
      with: (_: IncomingMessage, response: ServerResponse) => response.end("nonsense"),
    },
  ])("stays as it was when the answer $title", async ({ with: next }) => {
    const { current, reload } = await startWith({ bundle });
    const before = current();
    answer = next;
    expect(await reload()).toMatchObject({ kind: "refused" });
    expect(current()).toBe(before);
  });

  test("that cannot be had at the start is no start", async () => {
    answer = (_request, response) => response.writeHead(404).end();
    expect(await start({ bundle })).toEqual({
      ok: false,
      error: [`${bundle}: answered with status 404`],
    });
  });
});
