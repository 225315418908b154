import type { MethodDefinition, ServiceDefinition } from "@grpc/proto-loader";
import type { CallCodec, GrpcCall } from "./grpc-call.ts";
import { FRAME_HEAD_BYTES } from "./grpc-frames.ts";
import { GRPC } from "./grpc-status.ts";

/** Messages as proto-loader reads and writes them. */
export function codecOf<In extends object, Out extends object>(
  { requestDeserialize, responseSerialize }: MethodDefinition<In, Out>,
  maxBytes: number,
): CallCodec<In, Out> {
  return {
    decode: ({ bytes, start, end }) => requestDeserialize(bytes.subarray(start, end)) as In,
    encode: (messages) =>
      Buffer.concat(messages.flatMap((each) => framed(responseSerialize(each)))),
    maxBytes,
  };
}

function framed(message: Buffer): Buffer[] {
  const head = Buffer.alloc(FRAME_HEAD_BYTES);
  head.writeUInt32BE(message.length, 1);
  return [head, message];
}

/** A call, as far as a method needs it that takes one message. */
export type OneCall<In, Out> = Pick<
  GrpcCall<In, Out>,
  "listen" | "metadata" | "write" | "vouch" | "end" | "fail"
>;

/** Serves a method that takes one message. FAIL CLOSED: without one, or with two, it is an error. */
export function serveOne<In, Out>(
  call: OneCall<In, Out>,
  handle: (request: In) => void,
  onClose: () => void = () => undefined,
): void {
  let request: In | null = null;
  call.listen({
    onMessage(message) {
      if (request !== null) call.fail(GRPC.INTERNAL, "more than one message");
      request = message;
    },
    onHalfClose() {
      if (request === null) call.fail(GRPC.INTERNAL, "no message");
      else handle(request);
    },
    onDrain: () => undefined,
    onClose,
  });
}

/** The one answer to it, and the end. */
export function reply<In, Out>(call: OneCall<In, Out>, answer: Out): void {
  call.write([answer]);
  call.vouch();
  call.end();
}

/** Throws when the service has no such method. */
export function methodOf<In extends object, Out extends object>(
  service: ServiceDefinition,
  name: string,
): MethodDefinition<In, Out> {
  const method = service[name];
  if (method === undefined) throw new Error(`proto/ has no method ${name}`);
  // What its `.proto` file says.
  return method as unknown as MethodDefinition<In, Out>;
}
