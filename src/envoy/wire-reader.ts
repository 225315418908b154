import protobuf from "protobufjs/minimal.js";

export type Reader = protobuf.Reader;

/**
 * Reads the value of one field of a message, by its tag: eight times the field's number, and its
 * wire type (0: a varint, 1: 64 bits, 2: a length and so many bytes). False for a field that the
 * message does not have.
 */
export type ReadField<Message> = (
  into: Mutable<Message>,
  tag: number,
  reader: Reader,
  depth: number,
) => boolean;

type Mutable<Message> = { -readonly [Name in keyof Message]: Message[Name] };

/** As deep as protobuf's own libraries go. */
const DEPTH_MAX = 100;

/** A message by itself. Throws a RangeError or an Error on bytes that are none. */
export function readMessage<Message extends object>(
  bytes: Buffer,
  readField: ReadField<Message>,
): Message {
  return readFields(protobuf.Reader.create(bytes), 0, readField);
}

/** A message within another: its length comes next. */
export function readNested<Message extends object>(
  reader: Reader,
  depth: number,
  readField: ReadField<Message>,
): Message {
  if (depth >= DEPTH_MAX) throw new RangeError("nested too deep");
  const outer = reader.len;
  // Nothing within it can reach beyond it.
  reader.len = endOf(reader);
  const message = readFields(reader, depth + 1, readField);
  reader.len = outer;
  return message;
}

/** What was not sent is absent, and unknown fields are passed over ("Message Structure"). */
function readFields<Message extends object>(
  reader: Reader,
  depth: number,
  readField: ReadField<Message>,
): Message {
  const message = {} as Message;
  while (reader.pos < reader.len) {
    const tag = reader.uint32();
    if (!readField(message, tag, reader, depth)) reader.skipType(tag & 7);
  }
  if (reader.pos !== reader.len) throw new RangeError("a value reaches beyond its message");
  return message;
}

/** What is no UTF-8 becomes U+FFFD. */
export function readText(reader: Reader): string {
  const end = endOf(reader);
  const text = (reader.buf as Buffer).toString("utf8", reader.pos, end);
  reader.pos = end;
  return text;
}

/** A copy: the read of the socket that they came with holds much else, and would be kept too. */
export function readBytes(reader: Reader): Buffer {
  const end = endOf(reader);
  const bytes = Buffer.from((reader.buf as Buffer).subarray(reader.pos, end));
  reader.pos = end;
  return bytes;
}

/** An entry of a `map<string, …>`, as an own member whatever its name: `__proto__` too. */
export function readEntry<Value>(
  map: { [name: string]: Value } | undefined,
  reader: Reader,
  depth: number,
  readValue: (reader: Reader, depth: number) => Value,
): { [name: string]: Value } {
  const entry = readNested<{ key: string; value?: Value }>(
    reader,
    depth,
    (into, tag, at, deeper) => {
      if (tag === 10) into.key = readText(at);
      else if (tag === 18) into.value = readValue(at, deeper);
      else return false;
      return true;
    },
  );
  const { key = "", value } = entry;
  const entries = map ?? {};
  if (key === "__proto__") Object.defineProperty(entries, key, { value, ...OWN });
  else entries[key] = value as Value;
  return entries;
}

const OWN = { enumerable: true, configurable: true, writable: true };

/** Where the value ends whose length comes next. */
function endOf(reader: Reader): number {
  const end = reader.uint32() + reader.pos;
  if (end > reader.len) throw new RangeError("a value reaches beyond its message");
  return end;
}
