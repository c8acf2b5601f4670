// Both worlds have these, Node and browsers; ES2023 alone does not name them.
declare class TextEncoder {
  encode(text: string): Uint8Array;
}
declare class TextDecoder {
  constructor(label: "utf-8", options: { fatal: boolean; ignoreBOM: boolean });
  decode(bytes: Uint8Array): string;
}

const encoder = new TextEncoder();
// Without ignoreBOM a decoder drops a leading U+FEFF: a text would come back shorter than it was stored.
const lenient = new TextDecoder("utf-8", { fatal: false, ignoreBOM: true });
const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The UTF-8 bytes of `text`. */
export function toUtf8(text: string): Uint8Array {
  return encoder.encode(text);
}

/** Reads UTF-8 of our own making. */
export function fromUtf8(bytes: Uint8Array): string {
  return lenient.decode(bytes);
}

/** Reads UTF-8 from outside: `undefined` when it is not. */
export function parseUtf8(bytes: Uint8Array): string | undefined {
  try {
    return strict.decode(bytes);
  } catch {
    return undefined; // the decoder's only way to say no
  }
}

/** Orders texts as their UTF-8 bytes are ordered: below 0, 0 or above 0. */
export function compareUtf8(left: string, right: string): number {
  const length = Math.min(left.length, right.length);
  for (let at = 0; at < length; at++) {
    const a = left.charCodeAt(at);
    const b = right.charCodeAt(at);
    if (a !== b) return byteRank(a) - byteRank(b);
  }
  return left.length - right.length;
}

/** Surrogates stand for characters whose bytes come after those of all others. */
function byteRank(unit: number): number {
  return unit >= 0xd800 && unit < 0xe000 ? unit + 0x10000 : unit;
}
