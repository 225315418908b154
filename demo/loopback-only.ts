/**
 * Preloaded into server-everything (`node --import`), which would listen on every interface: a
 * server whose port anybody can reach needs no firewall in front. It says which port it got.
 */

import { Server } from "node:net";

const listen = Server.prototype.listen;

Server.prototype.listen = function listenOnLoopback(this: Server, ...args: unknown[]): Server {
  const ready = args.find((argument): argument is () => void => typeof argument === "function");
  this.once("listening", () => {
    const address = this.address();
    if (typeof address === "object" && address !== null) console.log(`port ${address.port}`);
  });
  return Reflect.apply(listen, this, [Number(process.env.PORT ?? 0), "127.0.0.1", ready]);
};
