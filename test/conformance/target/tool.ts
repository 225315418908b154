/** A JSON Schema, as it goes over the wire. */
export interface Schema {
  readonly type: "object";
  readonly [keyword: string]: unknown;
}

/** A result, as it goes over the wire. */
export interface WireResult {
  readonly [member: string]: unknown;
}

/** What a tool may do while it runs; each SDK has names of its own for it. */
export interface Call {
  readonly progressToken: string | number | undefined;
  notify(method: string, params: object): Promise<void>;
  /** Asks the client, over the stream of this call. */
  ask(method: string, params: object): Promise<WireResult>;
  /** Ends the stream of this call; its result waits for the client to come back. */
  closeStream(): void;
}

/** A tool that the scenarios call, for either SDK. */
export interface TargetTool {
  readonly name: string;
  readonly description: string;
  readonly inputSchema: Schema;
  run(args: { readonly [name: string]: unknown }, call: Call): Promise<WireResult>;
}

export const NO_ARGUMENTS: Schema = { type: "object", properties: {} };

export function text(value: string): WireResult {
  return { content: [{ type: "text", text: value }] };
}
