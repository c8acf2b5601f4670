import { type ByteReader, type Bytes, type ByteWriter, binaryCodec, type Codec } from "./bytes.ts";
import { MalformedError } from "./errors.ts";

/** How one field of a value is written and read. */
export interface Field<Value> {
  write(writer: ByteWriter, value: Value): void;
  read(reader: ByteReader): Value;
}

/** UTF-8 with its length. */
export const text: Field<string> = {
  write: (writer, value) => writer.text(value),
  read: (reader) => reader.text(),
};

/** A whole number, 0 … 2^53 - 1. */
export const whole: Field<number> = {
  write: (writer, value) => writer.varint(value),
  read: (reader) => reader.varint(),
};

/** True or false. */
export const flag: Field<boolean> = {
  write: (writer, value) => writer.byte(value ? 1 : 0),
  read: (reader) => reader.varint(1) === 1,
};

/** A field that may be missing; it is then left out of what is read. */
export function optional<Value>(field: Field<Value>): Field<Value | undefined> {
  return {
    write: (writer, value) => {
      flag.write(writer, value !== undefined);
      if (value !== undefined) field.write(writer, value);
    },
    read: (reader) => (flag.read(reader) ? field.read(reader) : undefined),
  };
}

/** Bytes with their length. */
export const bytes: Field<Bytes> = {
  write: (writer, value) => writer.bytes(value),
  read: (reader) => reader.bytes(),
};

/** Fields one after the other; their order is the format. */
export function struct<Value extends object>(
  fields: { readonly [Name in keyof Value]: Field<Value[Name]> },
): Field<Value> {
  const layout = Object.entries<Field<unknown>>(fields);
  return {
    write: (writer, value) => {
      for (const [name, field] of layout) field.write(writer, (value as Record<string, unknown>)[name]);
    },
    read: (reader) => Object.fromEntries(layout.map(([name, field]) => [name, field.read(reader)])) as Value,
  };
}

/** A count, then so many values; each takes a byte at least, so that a false count allocates nothing. */
export function list<Value>(item: Field<Value>, countMax: number = Number.MAX_SAFE_INTEGER): Field<readonly Value[]> {
  return {
    write: (writer, values) => {
      writer.varint(values.length);
      for (const value of values) item.write(writer, value);
    },
    read: (reader) => Array.from({ length: countOf(reader, countMax) }, () => item.read(reader)),
  };
}

function countOf(reader: ByteReader, countMax: number): number {
  return reader.varint(Math.min(countMax, reader.remaining));
}

/** What is read must be so. */
export function checked<Value>(field: Field<Value>, holds: (value: Value) => boolean, fault: string): Field<Value> {
  return {
    write: field.write,
    read: (reader) => {
      const value = field.read(reader);
      if (!holds(value)) throw new MalformedError(fault);
      return value;
    },
  };
}

type Variant<Union, Kind> = Extract<Union, { readonly kind: Kind }>;

/** For each kind of a union, its fields. */
export type UnionFields<Union extends { readonly kind: string }> = {
  readonly [Kind in Union["kind"]]: {
    readonly [Name in Exclude<keyof Variant<Union, Kind>, "kind">]-?: Field<Variant<Union, Kind>[Name]>;
  };
};

/** A codec for a union alone: see `union`. */
export function unionCodec<Union extends { readonly kind: string }>(variants: UnionFields<Union>): Codec<Union> {
  const { write, read } = union(variants);
  return binaryCodec(write, read);
}

/**
 * A union on `kind`, compact: a byte for the kind, then its fields.
 *
 * The order in which `variants` lists kinds and fields is the format: new kinds go last, and nothing else ever changes.
 */
export function union<Union extends { readonly kind: string }>(variants: UnionFields<Union>): Field<Union> {
  const kinds = Object.keys(variants);
  const tags = new Map(kinds.map((kind, tag) => [kind, tag]));
  const layouts = Object.values<Readonly<Record<string, Field<unknown>>>>(variants).map((fields) =>
    Object.entries(fields),
  );
  return {
    write: (writer, value) => {
      const tag = tags.get(value.kind) ?? kinds.length;
      writer.byte(tag);
      for (const [name, field] of layouts[tag] ?? []) field.write(writer, (value as Record<string, unknown>)[name]);
    },
    read: (reader) => {
      const tag = reader.byte();
      const layout = layouts[tag];
      if (layout === undefined) throw new MalformedError(`kind ${tag} is unknown`);
      const value: Record<string, unknown> = { kind: kinds[tag] };
      for (const [name, field] of layout) {
        const part = field.read(reader);
        if (part !== undefined) value[name] = part;
      }
      return value as Union;
    },
  };
}
