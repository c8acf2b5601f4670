import { MalformedError } from "./errors.ts";
import { fromUtf8, parseUtf8, toUtf8 } from "./text.ts";

/** Bytes that their holder must not change. */
export type Bytes = Uint8Array;

/** The empty byte string. */
export const noBytes: Bytes = new Uint8Array(0);

/** Whether two byte strings are equal. */
export function isSameBytes(one: Bytes, other: Bytes): boolean {
  if (one.length !== other.length) return false;
  for (let at = 0; at < one.length; at++) if (one[at] !== other[at]) return false;
  return true;
}

/** Largest whole number that a varint carries: what a JavaScript number holds exactly. */
const varintMax = Number.MAX_SAFE_INTEGER;

/** Engines keep arrays up to this size among ordinary objects: copying one costs less than a view of it. */
const cheapBytesMax = 64;

/** Engines join so many characters one by one sooner than a decoder is asked. */
const cheapTextLength = 12;

/** What is not expected to be longer is written in space that an earlier writer has left. */
const scratchBytes = 1024;

/** Space that no writer has at present. */
const scratches: Uint8Array[] = [];
const scratchesMax = 8;

function takeSpace(bytesExpected: number): Uint8Array {
  if (bytesExpected > scratchBytes) return new Uint8Array(bytesExpected);
  return scratches.pop() ?? new Uint8Array(scratchBytes);
}

function varintBytes(value: number): number {
  let count = 1;
  for (let rest = value; rest >= 0x80; rest >>>= 7) count++;
  return count;
}

function giveSpace(space: Uint8Array): void {
  if (space.length === scratchBytes && scratches.length < scratchesMax) scratches.push(space);
}

/** Builds a byte string from numbers, texts and bytes; grows as needed. */
export class ByteWriter {
  #bytes: Uint8Array;
  #length = 0;

  constructor(bytesExpected = 64) {
    this.#bytes = takeSpace(bytesExpected);
  }

  get length(): number {
    return this.#length;
  }

  byte(value: number): this {
    this.#reserve(1);
    this.#bytes[this.#length++] = value;
    return this;
  }

  /** Unsigned, little end first, 7 bits a byte; 0 … 2^53 - 1. */
  varint(value: number): this {
    this.#reserve(8);
    let rest = value;
    if (rest >= 2 ** 28) {
      let low = rest % 2 ** 28; // four bytes at once: engines are quick with whole numbers of 31 bits
      rest = (rest - low) / 2 ** 28;
      for (let count = 0; count < 4; count++, low >>>= 7) this.#bytes[this.#length++] = (low & 0x7f) | 0x80;
    }
    for (; rest >= 0x80; rest >>>= 7) this.#bytes[this.#length++] = (rest & 0x7f) | 0x80;
    this.#bytes[this.#length++] = rest;
    return this;
  }

  raw(bytes: Bytes): this {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
    return this;
  }

  /** Length, then the bytes. */
  bytes(bytes: Bytes): this {
    return this.varint(bytes.length).raw(bytes);
  }

  /** The length of what `write` writes with this writer, then that. */
  sized(write: () => void): this {
    const start = this.#length;
    write();
    const size = this.#length - start;
    this.#reserve(8);
    this.#bytes.copyWithin(start + varintBytes(size), start, this.#length);
    this.#length = start;
    this.varint(size);
    this.#length += size;
    return this;
  }

  /** Length in bytes, then UTF-8. */
  text(text: string): this {
    return this.#shortAscii(text) ? this : this.bytes(toUtf8(text));
  }

  /** What was written; the writer is not to be used afterwards. */
  finish(): Bytes {
    const bytes = this.#bytes;
    this.#bytes = noBytes;
    if (bytes.length > scratchBytes) return bytes.subarray(0, this.#length);
    const written = bytes.slice(0, this.#length);
    giveSpace(bytes);
    return written;
  }

  /** Writes a text of a few ASCII characters, which costs a tenth of asking the encoder; or nothing, and says so. */
  #shortAscii(text: string): boolean {
    const length = text.length;
    if (length > cheapBytesMax) return false;
    this.#reserve(1 + length);
    const start = this.#length + 1;
    for (let at = 0; at < length; at++) {
      const unit = text.charCodeAt(at);
      if (unit >= 0x80) return false;
      this.#bytes[start + at] = unit;
    }
    this.#bytes[this.#length] = length;
    this.#length += 1 + length;
    return true;
  }

  #reserve(count: number): void {
    const needed = this.#length + count;
    if (needed <= this.#bytes.length) return;
    const outgrown = this.#bytes;
    this.#bytes = new Uint8Array(Math.max(needed, outgrown.length * 2));
    this.#bytes.set(outgrown.subarray(0, this.#length));
    giveSpace(outgrown);
  }
}

/** Reads what `ByteWriter` wrote, trusting nothing: every fault is a `MalformedError`. */
export class ByteReader {
  readonly #bytes: Bytes;
  #offset = 0;

  constructor(bytes: Bytes) {
    this.#bytes = bytes;
  }

  get remaining(): number {
    return this.#bytes.length - this.#offset;
  }

  byte(): number {
    const value = this.#bytes[this.#offset];
    if (value === undefined) throw new MalformedError("ends too early");
    this.#offset++;
    return value;
  }

  varint(max: number = varintMax): number {
    let value = 0;
    let scale = 1;
    for (let count = 0; count < 8; count++) {
      const byte = this.byte();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) {
        if (byte === 0 && count > 0) throw new MalformedError("a number is padded");
        if (value > max) throw new MalformedError(`a number is over ${max}`);
        return value;
      }
      scale *= 0x80;
    }
    throw new MalformedError("a number is too long");
  }

  /** The next `count` bytes: a view, or a copy of what is short. */
  raw(count: number): Bytes {
    if (count > this.remaining) throw new MalformedError("ends too early");
    const start = this.#offset;
    this.#offset += count;
    if (this.#bytes.length <= cheapBytesMax) return this.#bytes.slice(start, this.#offset);
    return this.#bytes.subarray(start, this.#offset);
  }

  bytes(bytesMax: number = varintMax): Bytes {
    return this.raw(this.varint(bytesMax));
  }

  text(bytesMax: number = varintMax): string {
    const count = this.varint(bytesMax);
    const text = this.#shortAscii(count) ?? parseUtf8(this.raw(count));
    if (text === undefined) throw new MalformedError("a text is not UTF-8");
    return text;
  }

  /** Reads a text of a few ASCII characters; or nothing, and says so. */
  #shortAscii(count: number): string | undefined {
    if (count > cheapTextLength || count > this.remaining) return undefined;
    let text = "";
    for (let at = this.#offset; at < this.#offset + count; at++) {
      const unit = this.#bytes[at] as number;
      if (unit >= 0x80) return undefined;
      text += String.fromCharCode(unit);
    }
    this.#offset += count;
    return text;
  }

  /** Call last: what is left over was not meant to be there. */
  finish(): void {
    if (this.remaining > 0) throw new MalformedError(`${this.remaining} bytes too many`);
  }
}

/** Converts a typed value to bytes and back. `decode` throws `MalformedError` for bytes that are no such value. */
export interface Codec<Value> {
  encode(value: Value): Bytes;
  decode(bytes: Bytes): Value;
}

/** A codec from how a value is written and read; bytes left over after reading are a `MalformedError`. */
export function binaryCodec<Value>(
  write: (writer: ByteWriter, value: Value) => void,
  read: (reader: ByteReader) => Value,
): Codec<Value> {
  return {
    encode: (value) => {
      const writer = new ByteWriter();
      write(writer, value);
      return writer.finish();
    },
    decode: (bytes) => {
      const reader = new ByteReader(bytes);
      const value = read(reader);
      reader.finish();
      return value;
    },
  };
}

/** Values as JSON text; `undefined`, which JSON cannot say, as no bytes. */
export function jsonCodec<Value>(): Codec<Value> {
  return {
    encode: (value) => {
      const text: string | undefined = JSON.stringify(value);
      return text === undefined ? noBytes : toUtf8(text);
    },
    decode: (bytes) => {
      if (bytes.length === 0) return undefined as Value;
      try {
        return JSON.parse(fromUtf8(bytes)) as Value;
      } catch (cause) {
        throw new MalformedError("not JSON", { cause });
      }
    },
  };
}

/** Bytes as they are. */
export const bytesCodec: Codec<Bytes> = { encode: (bytes) => bytes, decode: (bytes) => bytes };
