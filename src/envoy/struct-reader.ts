import type { Struct, StructValue } from "./protocol.ts";
import type { WireReader } from "./wire-reader.ts";

/** google/protobuf/struct.proto. */
export function readStruct(reader: WireReader): Struct {
  let fields: { [name: string]: StructValue } | null = null;
  const outer = reader.enter();
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag === 10) {
      fields ??= {};
      readField(reader, fields);
    } else reader.skip(tag);
  }
  reader.leave(outer);
  return fields === null ? {} : { fields };
}

/** As an own member whatever its name: `__proto__` too. */
function readField(reader: WireReader, into: { [name: string]: StructValue }): void {
  const outer = reader.enter();
  const name = reader.entryName();
  const value = readEntryValue(reader);
  reader.leave(outer);
  Object.defineProperty(into, name, {
    ...{ value, enumerable: true, configurable: true, writable: true },
  });
}

/** Of an entry of a map, whose name was read: nothing where it has none. */
export function readEntryValue(reader: WireReader): StructValue {
  return reader.isAtEnd ? {} : readValue(reader);
}

function readValue(reader: WireReader): StructValue {
  const value: { -readonly [Name in keyof StructValue]: StructValue[Name] } = {};
  const outer = reader.enter();
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag === 17) value.numberValue = reader.double();
    else if (tag === 26) value.stringValue = reader.text();
    else if (tag === 32) value.boolValue = reader.bool();
    else if (tag === 42) value.structValue = readStruct(reader);
    else if (tag === 50) value.listValue = readList(reader);
    else reader.skip(tag);
  }
  reader.leave(outer);
  return value;
}

function readList(reader: WireReader): NonNullable<StructValue["listValue"]> {
  const values: StructValue[] = [];
  const outer = reader.enter();
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag === 10) values.push(readValue(reader));
    else reader.skip(tag);
  }
  reader.leave(outer);
  return values.length === 0 ? {} : { values };
}
