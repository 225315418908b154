import { mkdir, mkdtemp, readFile, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";

import { type Gateway, startGateway } from "../../support/gateway.ts";
import {
  connectSdkClient,
  type RunningServer,
  type SdkClient,
  startFilesystem,
} from "../../support/mcp.ts";
import { startTestService, type TestService } from "../../support/service.ts";

/** An agent that only ever sees aliases, a real Envoy, and a real file server. */
let root: string;
let files: RunningServer;
let service: TestService;
let gateway: Gateway;
let agent: SdkClient;
/** All that the agent was ever told. */
let told: string;

beforeAll(async () => {
  root = await realpath(await mkdtemp(join(tmpdir(), "impedance-paths-")));
  files = await startFilesystem(root);
  service = await startTestService({
    roots: { files: { project: root }, others: { project: root } },
    annotate: true,
    aliases: { keepExtension: true },
  });
  const upstreams = ["files", "others"].map((id) => {
    return { id, url: files.url, path: `/${id}/mcp` };
  });
  gateway = await startGateway({ upstreams, service });
  agent = await connectSdkClient(gateway.url("/files/mcp"));
});

beforeEach(() => {
  told = "";
});

afterAll(async () => {
  expect(service.faults).toEqual([]);
  await agent.close();
  await gateway.stop();
  await service.stop();
  await files.stop();
  await rm(root, { recursive: true, force: true });
});

interface Answer {
  readonly text: string;
  readonly isError: boolean;
}

async function call(
  name: string,
  given: { readonly [argument: string]: unknown },
  client = agent,
): Promise<Answer> {
  const result = await client.client.callTool({ name, arguments: { ...given } });
  told += JSON.stringify(result);
  const [first] = result.content as { type: string; text?: string }[];
  return { text: first?.text ?? "", isError: result.isError === true };
}

async function folderOf(client = agent): Promise<string> {
  const { text } = await call("list_allowed_directories", {}, client);
  return text.split("\n").at(-1) ?? "";
}

test("an agent works on a folder whose place it never learns", async () => {
  const program = `#!/usr/bin/env node\nrequire("${root}/lib/b.js");\n`;
  await mkdir(join(root, "lib"));
  await writeFile(join(root, "a.js"), program);
  await writeFile(join(root, "lib", "b.js"), `// see /etc/hosts and ${root}/a.js:1\n`);

  const folder = await folderOf();
  expect(folder).toMatch(/^DIR_[0-9a-z]{16}$/);
  const listed = await call("list_directory", { path: folder });
  expect(listed.text.split("\n").sort()).toEqual(["[DIR] lib", "[FILE] a.js"]);
  const tree = await call("directory_tree", { path: folder });
  expect(tree.text).toContain('"b.js"');
  const found = await call("search_files", { path: folder, pattern: "**/*.js" });
  expect(found.text.split("\n").sort()).toEqual([`${folder}/a.js`, `${folder}/lib/b.js`]);

  const read = await call("read_text_file", { path: `${folder}/a.js` });
  expect(read.text).toBe(`#!/usr/bin/env node\nrequire("${folder}/lib/b.js");\n`);
  const diff = await call("edit_file", {
    path: `${folder}/a.js`,
    edits: [{ oldText: `"${folder}/lib/b.js"`, newText: `"${folder}/lib/c.js"` }],
  });
  expect(diff.text).toContain(`+require("${folder}/lib/c.js")`);
  const other = await call("read_text_file", { path: `${folder}/lib/b.js` });
  await call("write_file", { path: `${folder}/lib/b.js`, content: other.text });
  await call("move_file", { source: `${folder}/lib/b.js`, destination: `${folder}/lib/c.js` });
  const moved = await call("read_text_file", { path: `${folder}/lib/c.js` });
  expect(moved.text).toBe(other.text);
  const missing = await call("read_text_file", { path: `${folder}/nothing.txt` });
  expect(missing.isError).toBe(true);

  expect(told).not.toContain(root);
  expect(told).not.toContain("/etc/hosts");
  expect(await readFile(join(root, "a.js"), "utf8")).toBe(program.replace("b.js", "c.js"));
  expect(await readFile(join(root, "lib", "c.js"), "utf8")).toBe(
    `// see /etc/hosts and ${root}/a.js:1\n`,
  );
});

test("what an agent reads and writes back is the same, byte for byte", async () => {
  const folder = await folderOf();
  const live = (await call("search_files", { path: folder, pattern: "*.js" })).text.split("/")[0];
  const contents: { readonly [name: string]: string } = {
    "paths.txt": `${root}/x ${root}2/y /home/bob/z.py. PATH=/usr/bin:/home/bob/bin:~/bin\n${root}`,
    "windows.json": JSON.stringify({ path: "C:\\Users\\bob\\n.txt", share: "\\\\srv\\share\\a" }),
    "twice.json": JSON.stringify({ inner: JSON.stringify({ path: "C:\\Users\\bob" }) }),
    "php.json": '{"path":"\\/var\\/www\\/html"}',
    "script.sh": "#!/opt/tools/bin/bash\n/dev/null </etc/passwd >/tmp/out/x 2>&1\n",
    "look-alikes.txt": `${live}/a ${live?.toUpperCase()} DIR__${live?.slice(4)} FILE_0123456789abcdef`,
    "uris.md": `[a](file://${root}/a%20b.md#L1) file:///etc/my%20conf https://a.b/etc/passwd`,
    "patch.diff": `--- ${root}/a.js\n+++ ${root}/a.js\n-/etc/hosts\n+/etc/hostname\n`,
    "trace.txt": `Error\n    at f (${root}/a.js:1:2)\n  File "/home/bob/a.py", line 3`,
    "code.ts": 'fetch("/api/v1/users"); // 1/2 and/or text/plain /^\\/home\\/[a-z]+$/\n',
    "odd.txt": `é${root}/ü的/etc/x ${root}//b ${root}/../c /home/a//b/./c/ ~ ~/ $HOME/\t\r\n`,
  };
  for (const [name, text] of Object.entries(contents)) {
    await writeFile(join(root, name), text);
    const { text: shown } = await call("read_text_file", { path: `${folder}/${name}` });
    expect(shown, name).not.toContain(`${root}/`);
    await rm(join(root, name));
    const written = await call("write_file", { path: `${folder}/${name}`, content: shown });
    expect(written.isError, name).toBe(false);
    expect(await readFile(join(root, name), "utf8"), name).toBe(text);
  }
  expect(told).not.toContain(`${root}/`);
  expect(told).not.toMatch(/Users|passwd.>/);
});

test.each([
  { name: "Dockerfile", text: "FROM node:24\nWORKDIR /app\nCOPY . /srv/www/site\nCMD /bin/sh\n" },
  { name: "run.sh", text: "#!/bin/bash\nset -e\nexec /opt/vendor/bin/tool > /dev/null\n" },
  {
    name: "nginx.conf",
    text: "server {\n  root /var/www/html;\n  access_log /var/log/nginx/access.log;\n}\n",
  },
])("an agent may write a $name with paths of its own", async ({ name, text }) => {
  const folder = await folderOf();
  const written = await call("write_file", { path: `${folder}/${name}`, content: text });
  expect(written.isError).toBe(false);
  expect(await readFile(join(root, name), "utf8")).toBe(text);

  const { text: shown } = await call("read_text_file", { path: `${folder}/${name}` });
  await call("write_file", { path: `${folder}/${name}`, content: shown });
  expect(await readFile(join(root, name), "utf8")).toBe(text);
});

describe("an alias that leads nowhere is refused with a remedy", () => {
  const denied = async (path: string, client = agent) =>
    call("read_text_file", { path }, client).catch((error: unknown) => {
      const { data, message } = error as {
        data: { code: string; remedy: string };
        message: string;
      };
      return { ...data, message };
    });

  test("one that was never minted", async () => {
    const answer = await denied("FILE_7h3k9qxw2m4dprt5");
    expect(answer).toMatchObject({ code: "alias_unknown" });
    expect(answer).toHaveProperty("remedy", expect.stringContaining("List or read it again"));
  });

  test("one of another server", async () => {
    await using other = await connectSdkClient(gateway.url("/others/mcp"));
    const foreign = await folderOf(other);
    expect(foreign).not.toBe(await folderOf());
    expect(await denied(`${foreign}/a.js`)).toMatchObject({ code: "alias_unknown" });
    expect(await denied(`file:///${foreign}/a.js`)).toMatchObject({ code: "alias_unknown" });
  });

  test("one whose extension was changed", async () => {
    const folder = await folderOf();
    await writeFile(join(root, "see.txt"), "/home/bob/notes.md");
    const { text: alias } = await call("read_text_file", { path: `${folder}/see.txt` });
    expect(alias).toMatch(/^FILE_[0-9a-z]{16}\.md$/);
    expect(await denied(alias.replace(".md", ".pem"))).toMatchObject({ code: "alias_changed" });
    expect(await denied(alias.replace(".md", ""))).toMatchObject({ code: "alias_changed" });
    // The alias itself is good; what it stands for lies outside the roots.
    expect(await denied(alias)).toMatchObject({ code: "raw_path" });
  });

  test("one that was cut, encoded, or climbs", async () => {
    const folder = await folderOf();
    expect(await denied(`${folder.slice(0, -1)}/a.js`)).toMatchObject({ code: "alias_unknown" });
    expect(await denied(`${folder.replace("_", "%5F")}/a.js`)).toMatchObject({
      code: "alias_unknown",
    });
    expect(await denied(`${folder}/../a.js`)).toMatchObject({ code: "alias_climbs" });
    expect(await denied(`${folder}/%252e%252e/a.js`)).toMatchObject({ code: "alias_climbs" });
    expect(await denied(`${folder}2/a.js`)).toMatchObject({ code: "alias_unknown" });
    expect(await denied(`${folder}-2/a.js`)).toMatchObject({ code: "alias_changed" });
  });

  test("but capitals, a leading slash, and a URI find the way", async () => {
    const folder = await folderOf();
    await writeFile(join(root, "here.txt"), "here");
    for (const path of [folder.toUpperCase(), `/${folder}`, `./${folder}`]) {
      expect(await denied(`${path}/here.txt`)).toEqual({ text: "here", isError: false });
    }
  });
});

test("media that is text hides no path", async () => {
  const folder = await folderOf();
  await writeFile(join(root, "fake.png"), `see ${root}/a.js and /etc/hosts`);
  const result = await agent.client.callTool({
    name: "read_media_file",
    arguments: { path: `${folder}/fake.png` },
  });
  const [media] = result.content as { data?: string }[];
  const text = Buffer.from(media?.data ?? "", "base64").toString("utf8");
  expect(text).toMatch(/^see DIR_\w{16}\/a\.js and FILE_\w{16}$/);
});

test("a receipt is in the log and in the result", async () => {
  const folder = await folderOf();
  await writeFile(join(root, "hosts.txt"), "/etc/hosts");
  service.clear();
  const result = await agent.client.callTool({
    name: "read_text_file",
    arguments: { path: `${folder}/hosts.txt` },
  });
  expect(result._meta).toMatchObject({
    "dev.impedance/security": { transformations: ["aliased:path"] },
  });
  expect(service.decisions[1]?.edits).toContainEqual({
    pointer: "/result/content/0/text",
    rule: "paths/path",
    action: "aliased",
    length: "/etc/hosts".length,
  });
  expect(JSON.stringify(service.decisions)).not.toContain(root);
});
