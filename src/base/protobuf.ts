import { type Bytes, ByteWriter, noBytes } from "./bytes.ts";
import { MalformedError } from "./errors.ts";
import { parseUtf8 } from "./text.ts";

/**
 * Messages of Protocol Buffers, written by hand: as fields, by number.
 *
 * A number is any of `uint32`, `uint64`, `bool` and enumerations, up to 2^53 - 1; bytes are strings, bytes and messages
 * within messages. What a message says twice counts once, the last time, unless it is a list.
 */
export class ProtoWriter {
  readonly #writer: ByteWriter;

  constructor(bytesExpected = 64) {
    this.#writer = new ByteWriter(bytesExpected);
  }

  /** A number; left out if it is 0, which is what a missing one is. */
  number(field: number, value: number): this {
    if (value !== 0) this.#writer.varint(field << 3).varint(value);
    return this;
  }

  /** A number whose absence says something else than 0. */
  optional(field: number, value: number | undefined): this {
    if (value !== undefined) this.#writer.varint(field << 3).varint(value);
    return this;
  }

  /** Bytes; left out if there are none. */
  bytes(field: number, value: Bytes): this {
    return value.length === 0 ? this : this.part(field, value);
  }

  text(field: number, value: string): this {
    if (value !== "") this.#writer.varint((field << 3) | 2).text(value);
    return this;
  }

  /** Bytes that are there even if empty: a message, or one of a list. */
  part(field: number, value: Bytes): this {
    this.#writer.varint((field << 3) | 2).bytes(value);
    return this;
  }

  /** Fields that were written before. */
  raw(fields: Bytes): this {
    this.#writer.raw(fields);
    return this;
  }

  finish(): Bytes {
    return this.#writer.finish();
  }
}

/** Fields up to this number are kept; those of a later release are passed over. */
const fieldMax = 31;

const none: readonly Bytes[] = [];

/** The fields of a message, read at once. Those that nobody asks for do no harm. */
export class ProtoFields {
  readonly #numbers: (number | undefined)[] = [];
  readonly #parts: (Bytes[] | undefined)[] = [];
  readonly #bytes: Bytes;
  #at = 0;

  /** Throws `MalformedError` for what is no message. Bytes are views of `bytes`. */
  constructor(bytes: Bytes) {
    this.#bytes = bytes;
    while (this.#at < bytes.length) this.#read();
  }

  /** A number; 0 if it is missing. */
  number(field: number): number {
    return this.#numbers[field] ?? 0;
  }

  optional(field: number): number | undefined {
    return this.#numbers[field];
  }

  flag(field: number): boolean {
    return this.number(field) !== 0;
  }

  /** Bytes; none if they are missing. */
  bytes(field: number): Bytes {
    return this.#parts[field]?.at(-1) ?? noBytes;
  }

  /** The bytes of a message within this one, if it is there. */
  part(field: number): Bytes | undefined {
    return this.#parts[field]?.at(-1);
  }

  /** A list of bytes, texts or messages. */
  list(field: number): readonly Bytes[] {
    return this.#parts[field] ?? none;
  }

  text(field: number, bytesMax: number): string {
    return textOf(this.bytes(field), bytesMax);
  }

  #read(): void {
    const key = this.#varint();
    const field = Math.floor(key / 8);
    if (field === 0) throw new MalformedError("a field without a number");
    switch (key % 8) {
      case 0: {
        const value = this.#varint();
        if (field <= fieldMax) this.#numbers[field] = value;
        return;
      }
      case 1:
        this.#skip(8);
        return;
      case 2: {
        const part = this.#skip(this.#varint());
        if (field > fieldMax) return;
        const list = this.#parts[field];
        if (list === undefined) this.#parts[field] = [part];
        else list.push(part);
        return;
      }
      case 5:
        this.#skip(4);
        return;
      default:
        throw new MalformedError(`a field of the unknown type ${key % 8}`);
    }
  }

  #skip(count: number): Bytes {
    const start = this.#at;
    if (count > this.#bytes.length - start) throw new MalformedError("ends too early");
    this.#at += count;
    return this.#bytes.subarray(start, this.#at);
  }

  /** Up to ten bytes, of which the last ones may say nothing. */
  #varint(): number {
    let value = 0;
    let scale = 1;
    for (let count = 0; count < 10; count++) {
      const byte = this.#bytes[this.#at++];
      if (byte === undefined) throw new MalformedError("ends too early");
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) {
        if (value > Number.MAX_SAFE_INTEGER) throw new MalformedError("a number is over 2^53 - 1");
        return value;
      }
      scale *= 0x80;
    }
    throw new MalformedError("a number is too long");
  }
}

/** A text of a message. Throws `MalformedError` when it is too long, or no UTF-8. */
function textOf(bytes: Bytes, bytesMax: number): string {
  if (bytes.length > bytesMax) throw new MalformedError(`a text of ${bytes.length} bytes, the limit is ${bytesMax}`);
  const text = parseUtf8(bytes);
  if (text === undefined) throw new MalformedError("a text is not UTF-8");
  return text;
}
