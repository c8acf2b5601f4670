import type { Bytes } from "../../base/bytes.ts";

/** The tags of ASN.1 that a certificate needs; `context` numbers are those of its own fields. */
const tags = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  objectId: 0x06,
  utf8String: 0x0c,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const;

/** One value: tag, length, content (ITU-T X.690 §8.1, definite lengths as DER asks for). */
function value(tag: number, ...content: readonly Bytes[]): Bytes {
  const body = Buffer.concat(content);
  if (body.length < 0x80) return Buffer.concat([Uint8Array.of(tag, body.length), body]);
  const digits: number[] = [];
  for (let rest = body.length; rest > 0; rest = Math.floor(rest / 256)) digits.unshift(rest % 256);
  return Buffer.concat([Uint8Array.of(tag, 0x80 | digits.length, ...digits), body]);
}

/** Values one after the other. */
export function sequence(...items: readonly Bytes[]): Bytes {
  return value(tags.sequence, ...items);
}

/** A set of one. */
export function setOf(item: Bytes): Bytes {
  return value(tags.set, item);
}

/** TRUE: what is false is left out. */
export function yes(): Bytes {
  return value(tags.boolean, Uint8Array.of(0xff));
}

/** A number that is not negative, big end first. */
export function integer(bytes: Bytes): Bytes {
  const start = bytes.findIndex((byte) => byte !== 0);
  const digits = start < 0 ? Uint8Array.of(0) : bytes.subarray(start);
  return value(tags.integer, (digits[0] as number) >= 0x80 ? Buffer.concat([Uint8Array.of(0), digits]) : digits);
}

/** Bits, of which the last `unused` do not count. */
export function bitString(bytes: Bytes, unused = 0): Bytes {
  return value(tags.bitString, Uint8Array.of(unused), bytes);
}

/** Bytes. */
export function octetString(bytes: Bytes): Bytes {
  return value(tags.octetString, bytes);
}

/** A text. */
export function utf8String(text: string): Bytes {
  return value(tags.utf8String, Buffer.from(text));
}

/** A name from the tree of all standards, as `2.5.4.3`. */
export function objectId(dotted: string): Bytes {
  const [first = 0, second = 0, ...rest] = dotted.split(".").map(Number);
  const bytes = [first * 40 + second];
  for (const number of rest) {
    const digits = [number % 128];
    for (let left = Math.floor(number / 128); left > 0; left = Math.floor(left / 128))
      digits.unshift((left % 128) | 128);
    bytes.push(...digits);
  }
  return value(tags.objectId, Uint8Array.from(bytes));
}

/** A time, to the second; the short form until 2049, as RFC 5280 §4.1.2.5 asks for. */
export function time(date: Date): Bytes {
  const digits = date.toISOString().replace(/[-:T]|\.\d+/g, "");
  return date.getUTCFullYear() < 2050
    ? value(tags.utcTime, Buffer.from(digits.slice(2)))
    : value(tags.generalizedTime, Buffer.from(digits));
}

/** A field known by its number: around other values, or in place of a tag. */
export function field(number: number, content: Bytes, kind: "around" | "instead"): Bytes {
  return value((kind === "around" ? 0xa0 : 0x80) | number, content);
}
