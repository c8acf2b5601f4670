// Both worlds have these, Node and browsers; ES2023 alone does not name them.
declare class TextEncoder {
  encode(text: string): Uint8Array;
}
declare class TextDecoder {
  constructor(label: "utf-8", options: { fatal: boolean });
  decode(bytes: Uint8Array): string;
}

const encoder = new TextEncoder();
const lenient = new TextDecoder("utf-8", { fatal: false });
const strict = new TextDecoder("utf-8", { fatal: true });

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
