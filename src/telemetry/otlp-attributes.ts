/** What an attribute of a span, a metric or a resource may be here. */
export type AttributeValue = string | number | readonly string[];

export interface Attributes {
  readonly [name: string]: AttributeValue | null;
}

/** Of what was sent: what made it, and in which process. */
export interface OtlpResource {
  readonly version: string;
  /** Beside `service.name` and `service.version`. */
  readonly attributes: { readonly [name: string]: string };
}

/** `KeyValue` in the JSON mapping of OTLP 1.x; what is null is left out. */
export function encodeAttributes(attributes: Attributes): readonly object[] {
  return Object.entries(attributes).flatMap(([key, value]) =>
    value === null ? [] : [{ key, value: encodeValue(value) }],
  );
}

export function encodeResource({ version, attributes }: OtlpResource): object {
  const all = { "service.name": "impedance", "service.version": version, ...attributes };
  return { attributes: encodeAttributes(all) };
}

/** 64-bit numbers are text. `milliseconds` since 1970, to the microsecond. */
export function nanoseconds(milliseconds: number): string {
  return `${Math.round(milliseconds * 1_000)}000`;
}

function encodeValue(value: AttributeValue): object {
  if (typeof value === "string") return { stringValue: value };
  if (typeof value === "number") return { intValue: String(value) };
  return { arrayValue: { values: value.map((each) => ({ stringValue: each })) } };
}
