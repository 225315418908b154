import type { Destination } from "./destination.ts";
import { createPoster, failureOf, isSuccess, type PostOptions } from "./post.ts";

export interface OpaOptions extends PostOptions {
  /** Each event gets a last member `line`: the line as it stands in the log, as one string. */
  readonly includesLine: boolean;
}

/**
 * HTTP as OPA uploads its decision log: `POST …/logs` with a JSON array in gzip. Each event stands
 * on a line of its own and is, but for the member `line`, the line of the log byte for byte.
 * Whoever parses and writes it anew may order and escape differently; `line` is for them.
 */
export function createOpaDestination(options: OpaOptions): Destination {
  const poster = createPoster(options);
  const encode = options.includesLine ? withLine : (line: string) => line;
  return {
    async send(lines, signal) {
      const posted = await poster.post(`[\n${lines.map(encode).join(",\n")}\n]`, signal);
      if (posted.kind === "answered" && isSuccess(posted)) return { kind: "taken", rejected: 0 };
      return failureOf(posted);
    },
    close: () => poster.close(),
  };
}

function withLine(line: string): string {
  return `${line.slice(0, -1)},"line":${JSON.stringify(line)}}`;
}
