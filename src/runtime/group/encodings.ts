import { type Bytes, type Codec, jsonCodec } from "../../base/bytes.ts";
import { MalformedError, OptionError } from "../../base/errors.ts";
import { parseUtf8 } from "../../base/text.ts";

/** How values, and the state, become bytes; the same on all members of a group. */
export type Encoding = "bytes" | "string" | "json";

/** The encodings that there are. */
export const encodings: readonly Encoding[] = ["bytes", "string", "json"];

/** Without the methods by which a Buffer differs from other bytes. Small ones share a block, which costs less. */
function plain({ buffer, byteOffset, length }: Buffer): Bytes {
  return new Uint8Array(buffer, byteOffset, length);
}

const ownBytes: Codec<Bytes> = {
  encode: (bytes) => {
    if (!(bytes instanceof Uint8Array)) throw new OptionError("value", 'must be bytes: the encoding is "bytes"');
    return plain(Buffer.from(bytes)); // the caller may use its own again while members still fetch this
  },
  decode: (bytes) => bytes,
};

const texts: Codec<string> = {
  encode: (text) => {
    if (typeof text !== "string") throw new OptionError("value", 'must be text: the encoding is "string"');
    return plain(Buffer.from(text));
  },
  decode: (bytes) => {
    const text = parseUtf8(bytes);
    if (text === undefined) throw new MalformedError("a text is not UTF-8");
    return text;
  },
};

const json = jsonCodec<unknown>();

const jsonValues: Codec<unknown> = {
  encode: (value) => {
    let bytes: Bytes;
    try {
      bytes = json.encode(value);
    } catch (error) {
      throw new OptionError("value", `cannot be written as JSON: ${(error as Error).message}`);
    }
    if (bytes.length === 0) throw new OptionError("value", "cannot be written as JSON: it would be nothing");
    return bytes;
  },
  decode: json.decode,
};

/** The codec of an encoding. `encode` throws `OptionError` for what it cannot say. */
export function codecOf(encoding: Encoding): Codec<unknown> {
  const codecs = { bytes: ownBytes, string: texts, json: jsonValues };
  return codecs[encoding] as Codec<unknown>;
}
