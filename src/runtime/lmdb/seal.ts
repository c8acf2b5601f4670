import { crc32 } from "node:zlib";
import type { Bytes } from "../../base/bytes.ts";

/** Before each stored value: the CRC-32 of its key and itself, so that one found under another key does not fit. */
export const sealBytes = 4;

function checksumOf(key: Bytes, value: Bytes): number {
  return crc32(value, crc32(key));
}

/** Fills in the first bytes of `sealed`, which were left free for that. */
export function seal(key: Bytes, sealed: Uint8Array): void {
  const view = new DataView(sealed.buffer, sealed.byteOffset, sealBytes);
  view.setUint32(0, checksumOf(key, sealed.subarray(sealBytes)), true);
}

/** The value, or `undefined` if it is not what was stored under this key. */
export function unseal(key: Bytes, sealed: Bytes): Bytes | undefined {
  if (sealed.length < sealBytes) return undefined;
  const value = sealed.subarray(sealBytes);
  const checksum = new DataView(sealed.buffer, sealed.byteOffset, sealBytes).getUint32(0, true);
  return checksum === checksumOf(key, value) ? value : undefined;
}
