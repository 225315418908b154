import type { Firewall } from "../src/core/exchange.ts";
import { DEFAULT_LIMITS } from "../src/core/limits.ts";
import { startGrpcServer } from "../src/envoy/grpc-server.ts";

/** Serves a firewall on a Unix socket, says so, and ends with whoever started this process. */
export async function serveOn(
  socket: string,
  firewall: Firewall,
  close: () => Promise<unknown> = async () => undefined,
): Promise<void> {
  const server = await startGrpcServer({
    firewall,
    limits: DEFAULT_LIMITS,
    address: `unix:${socket}`,
    ready: () => true,
    onFault: (code) => {
      throw new Error(`an exchange failed: ${code}`);
    },
  });
  process.stdin.resume().once("end", async () => {
    server.close();
    await close();
    process.exit(0);
  });
  console.log("ready");
}
