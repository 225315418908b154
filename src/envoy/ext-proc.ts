import type { ProcessCall, ProcessStreamOptions } from "./process-stream.ts";
import { ProcessStream } from "./process-stream.ts";

export interface ExtProcOptions extends ProcessStreamOptions {
  readonly onOpen: () => void;
  readonly onClose: () => void;
}

/** `envoy.service.ext_proc.v3.ExternalProcessor`, one handler for every stream. */
export interface ExtProc {
  process(call: ProcessCall): void;
  readonly openStreams: number;
  /** New exchanges are refused from now on; listening streams are told to come again. */
  drain(): void;
  /** Ends every exchange that is still open, each with an answer or an error. */
  abortAll(): void;
}

export function createExtProc(options: ExtProcOptions): ExtProc {
  const open = new Set<ProcessStream>();
  let draining = false;
  return {
    process(call) {
      const stream = new ProcessStream(call, options, draining, () => {
        open.delete(stream);
        options.onClose();
      });
      open.add(stream);
      options.onOpen();
    },
    get openStreams() {
      return open.size;
    },
    drain() {
      draining = true;
      for (const stream of open) if (stream.listening) stream.abort("draining");
    },
    abortAll() {
      for (const stream of open) stream.abort("draining");
    },
  };
}
