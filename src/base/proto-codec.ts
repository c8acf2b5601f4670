import { ByteReader, type Bytes, ByteWriter, type Codec } from "./bytes.ts";
import { MalformedError } from "./errors.ts";
import { ProtoFields, ProtoWriter } from "./protobuf.ts";

/** How a value stands in a message of Protocol Buffers, under a number. */
export interface ProtoField<Value> {
  write(writer: ProtoWriter, field: number, value: Value): void;
  /** Throws `MalformedError`. */
  read(fields: ProtoFields, field: number): Value;
}

/** The fields of a message by name, in the order of their numbers, which count from 1. */
export type ProtoShape<Value> = { readonly [Name in keyof Value]-?: ProtoField<Value[Name]> };

/** `uint64`, from 0 to 2^53 - 1. */
export const number: ProtoField<number> = {
  write: (writer, field, value) => void writer.number(field, value),
  read: (fields, field) => fields.number(field),
};

/** `bool`. */
export const flag: ProtoField<boolean> = {
  write: (writer, field, value) => void writer.number(field, value ? 1 : 0),
  read: (fields, field) => fields.flag(field),
};

/** `bytes`. */
export const bytes: ProtoField<Bytes> = {
  write: (writer, field, value) => void writer.bytes(field, value),
  read: (fields, field) => fields.bytes(field),
};

/** `repeated uint64`, packed. */
export const numbers: ProtoField<readonly number[]> = {
  write: (writer, field, values) => {
    if (values.length === 0) return;
    const packed = new ByteWriter(values.length * 4);
    for (const value of values) packed.varint(value);
    writer.part(field, packed.finish());
  },
  read: (fields, field) => fields.list(field).flatMap(readPacked),
};

function readPacked(packed: Bytes): number[] {
  const reader = new ByteReader(packed);
  const values: number[] = [];
  while (reader.remaining > 0) values.push(reader.varint());
  return values;
}

/** A field whose value must fit. */
export function checked<Value>(
  of: ProtoField<Value>,
  fits: (value: Value) => boolean,
  problem: string,
): ProtoField<Value> {
  return {
    write: of.write,
    read: (fields, field) => {
      const value = of.read(fields, field);
      if (!fits(value)) throw new MalformedError(problem);
      return value;
    },
  };
}

/** A message within a message. One that is missing is one in which all is. */
export function part<Value>(of: Codec<Value>): ProtoField<Value> {
  return {
    write: (writer, field, value) => void writer.part(field, of.encode(value)),
    read: (fields, field) => of.decode(fields.bytes(field)),
  };
}

/** A message that may be missing. */
export function optionalPart<Value>(of: Codec<Value>): ProtoField<Value | undefined> {
  return {
    write: (writer, field, value) => void (value !== undefined && writer.part(field, of.encode(value))),
    read: (fields, field) => {
      const found = fields.part(field);
      return found && of.decode(found);
    },
  };
}

/** `repeated`, of messages or texts; more than `countMax` are malformed. */
export function parts<Value>(
  of: Codec<Value>,
  countMax: number = Number.POSITIVE_INFINITY,
): ProtoField<readonly Value[]> {
  return {
    write: (writer, field, values) => {
      for (const value of values) writer.part(field, of.encode(value));
    },
    read: (fields, field) => {
      const found = fields.list(field);
      if (found.length > countMax) throw new MalformedError(`more than ${countMax} in a list`);
      return found.map((each) => of.decode(each));
    },
  };
}

/** A message with these fields. */
export function protoMessage<Value extends object>(shape: ProtoShape<Value>): Codec<Value> {
  const layout = layoutOf(shape);
  return {
    encode: (value) => writeFields(new ProtoWriter(), layout, value).finish(),
    decode: (encoded) => readFields(new ProtoFields(encoded), layout) as Value,
  };
}

/**
 * One of several kinds: a message with the fields that all kinds have, from 1 on, then one field for each kind, in
 * order, a message with its own. New kinds go last.
 */
export function protoUnion<Union extends { readonly kind: string }, Shared extends keyof Union>(
  shared: ProtoShape<Pick<Union, Shared>>,
  kinds: {
    readonly [Kind in Union["kind"]]: ProtoShape<Omit<Extract<Union, { kind: Kind }>, "kind" | Shared>>;
  },
): Codec<Union> {
  const sharedLayout = layoutOf(shared);
  const all = Object.entries<ProtoShape<object>>(kinds).map(([kind, shape], at) => {
    return { kind, layout: layoutOf(shape), field: sharedLayout.length + 1 + at };
  });
  const byKind = new Map(all.map((each) => [each.kind, each]));
  return {
    encode: (value) => {
      const of = byKind.get(value.kind);
      if (of === undefined) throw new MalformedError(`unknown kind ${value.kind}`);
      const content = writeFields(new ProtoWriter(), of.layout, value).finish();
      return writeFields(new ProtoWriter(content.length + 32), sharedLayout, value)
        .part(of.field, content)
        .finish();
    },
    decode: (encoded) => {
      const outer = new ProtoFields(encoded);
      for (const { kind, layout, field } of all) {
        const content = outer.part(field);
        if (content === undefined) continue;
        const own = readFields(new ProtoFields(content), layout);
        return { kind, ...readFields(outer, sharedLayout), ...own } as unknown as Union;
      }
      throw new MalformedError("unknown kind of message");
    },
  };
}

/** A shape as it is gone through for each message. */
type Layout = readonly (readonly [name: string, field: number, of: ProtoField<unknown>])[];

function layoutOf(shape: object): Layout {
  return Object.entries<ProtoField<unknown>>(shape as Record<string, ProtoField<unknown>>).map(([name, of], at) => [
    name,
    at + 1,
    of,
  ]);
}

function writeFields(writer: ProtoWriter, layout: Layout, value: object): ProtoWriter {
  for (const [name, field, of] of layout) of.write(writer, field, value[name as keyof typeof value]);
  return writer;
}

/** What is missing is left out. */
function readFields(fields: ProtoFields, layout: Layout): object {
  const read: Record<string, unknown> = {};
  for (const [name, field, of] of layout) {
    const value = of.read(fields, field);
    if (value !== undefined) read[name] = value;
  }
  return read;
}
