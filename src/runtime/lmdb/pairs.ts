import { ByteReader, type Bytes, ByteWriter } from "../../base/bytes.ts";
import { sealBytes } from "./seal.ts";

/** What is stored, and under which key. */
export interface Pair {
  readonly key: Bytes;
  readonly value: Bytes;
}

const sharedBytesMax = 1024; // a `ByteWriter` hands out longer ones in memory of their own

const noSeal = new Uint8Array(sealBytes);

/** Puts pairs into one stretch of memory, which goes to another thread without being copied; with room for seals. */
export function packUnsealed(pairs: readonly Pair[]): Uint8Array {
  const writer = new ByteWriter(pairs.reduce((sum, { key, value }) => sum + key.length + value.length + 16, 0));
  for (const { key, value } of pairs)
    writer
      .bytes(key)
      .varint(sealBytes + value.length)
      .raw(noSeal)
      .raw(value);
  return writer.finish();
}

/** Puts pairs into one stretch of memory. */
export function pack(pairs: readonly Pair[]): Uint8Array {
  const writer = new ByteWriter(pairs.reduce((sum, { key, value }) => sum + key.length + value.length + 16, 0));
  for (const { key, value } of pairs) writer.bytes(key).bytes(value);
  return writer.finish();
}

/** The pairs again: views of `packed`, or copies of what is short. */
export function unpack(packed: Bytes): Pair[] {
  const reader = new ByteReader(packed);
  const pairs: Pair[] = [];
  while (reader.remaining > 0) pairs.push({ key: reader.bytes(), value: reader.bytes() });
  return pairs;
}

/** What to give away of packed pairs when they go to another thread: short ones are copied, and may share memory. */
export function transferable(packed: Bytes): ArrayBuffer[] {
  return packed.length > sharedBytesMax ? [packed.buffer as ArrayBuffer] : [];
}
