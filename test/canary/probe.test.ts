import { test } from "vitest";
import { SECRET } from "../support/messages.ts";
import { planted, pointerOf, positionsOf, REVISIONS, tableOf } from "./tables.ts";
import { createCanaryPath, ROOT, sentToClient, sentToServer } from "./wire.ts";

const CARD = 4111111111111111;
test("probe", async () => {
  const path = await createCanaryPath(); const skipNum = /\/(id|requestId|progressToken|size|total|io.modelcontextprotocol~1subscriptionId)$/;
  for (const revision of REVISIONS) {
    const t = tableOf(revision);
    let n = 0;
    const esc = new Map<string, number>();
    const blocked = new Map<string, number>();
    const started = Date.now();
    for (const type of t.messages)
      for (const example of type.examples) {
        const send = async (m: any) =>
          type.from === "client"
            ? [await sentToServer(path, m, revision)]
            : [
                await sentToClient(path, type, m, revision, "event"),
                ...(type.kind === "result" || type.kind === "error"
                  ? [await sentToClient(path, type, m, revision, "json")]
                  : []),
              ];
        let base;
        try {
          base = await send(example);
        } catch (e) {
          blocked.set(type.type + " " + (e as Error).message.slice(0, 150), 1);
          continue;
        }
        if (
          base.some(
            (d) => d === null || d === "" || d.includes("-3190") || d.includes("dev.impedance/d"),
          )
        ) {
          blocked.set(
            type.from +
              " " +
              type.type +
              " " +
              type.kind +
              " " +
              path.decisions.at(-1)?.result?.reasons?.map((r: any) => r.code) +
              " " +
              base[0]?.slice(0, 200),
            1,
          );
        }
        for (const p of positionsOf(example)) {
          for (const plant of p.kind === "number"
            ? [CARD]
            : type.from === "server"
              ? [SECRET, `${ROOT}/src/a.ts`]
              : [SECRET]) {
            n++; if (p.kind === "number" && skipNum.test(pointerOf(p))) continue;
            for (const d of await send(planted(example, p, plant))) {
              if (d?.includes(String(plant))) {
                const k = `${type.type}(${type.kind}) ${p.kind} ${pointerOf(p)} ${String(plant).slice(0, 6)}`;
                esc.set(k, (esc.get(k) ?? 0) + 1);
              }
            }
          }
        }
      }
    console.log(
      revision,
      n,
      Date.now() - started,
      "BLOCKED",
      [...blocked.keys()].join("\n"),
      "\nESC\n",
      [...esc.keys()].slice(0, 80).join("\n"),
      esc.size,
    );
  }
}, 600_000);
