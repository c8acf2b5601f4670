import { type Bytes, noBytes } from "../../../base/bytes.ts";
import { MalformedError } from "../../../base/errors.ts";

/**
 * What travels on a connection after the handshake: u32 length of the rest (big end first), u8 kind, body.
 *
 * A ping asks for a pong on the same connection; neither has a body.
 */
export const frameKinds = { message: 0, ping: 1, pong: 2 } as const;

/** One frame read from a connection. */
export interface Frame {
  readonly kind: number;
  readonly body: Bytes;
}

/** Bytes on the wire before each body. */
export const frameHeadBytes = 5;

/** Bodies from this size on are written as they are; smaller ones are copied together, which costs less. */
const gatherBytesMax = 16 * 1024;

/** Cuts a stream of chunks into frames. After a `MalformedError` the stream is lost. */
export class FrameReader {
  readonly #bodyBytesMax: number;
  #chunk: Bytes = noBytes;
  #at = 0;
  readonly #head = new DataView(new ArrayBuffer(frameHeadBytes));
  #headFilled = 0;
  /** The body of a frame that spans chunks, filled so far. */
  #body: Uint8Array | undefined;
  #bodyFilled = 0;

  constructor(bodyBytesMax: number) {
    this.#bodyBytesMax = bodyBytesMax;
  }

  /** Adds what arrived next; call only when `next` has nothing left. */
  push(chunk: Bytes): void {
    this.#chunk = new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.length); // a Buffer's `slice` does not copy
    this.#at = 0;
  }

  /** The next whole frame. Its body never holds on to a chunk more than twice its size. */
  next(): Frame | undefined {
    if (!this.#body) {
      if (!this.#fillHead()) return undefined;
      const length = this.#bodyLength();
      if (this.#chunk.length - this.#at >= length) {
        this.#headFilled = 0;
        return { kind: this.#kind(), body: this.#cut(length) };
      }
      this.#body = new Uint8Array(length); // zero pages, taken from the system only as bytes arrive
      this.#bodyFilled = 0;
    }
    return this.#fillBody(this.#body);
  }

  #kind(): number {
    return this.#head.getUint8(4);
  }

  #fillHead(): boolean {
    while (this.#headFilled < frameHeadBytes) {
      const byte = this.#chunk[this.#at];
      if (byte === undefined) return false;
      this.#head.setUint8(this.#headFilled++, byte);
      this.#at++;
    }
    return true;
  }

  #bodyLength(): number {
    const length = this.#head.getUint32(0) - 1;
    const kind = this.#kind();
    if (kind > frameKinds.pong) throw new MalformedError(`unknown frame kind ${kind}`);
    if (length < 0) throw new MalformedError("a frame without a kind");
    const max = kind === frameKinds.message ? this.#bodyBytesMax : 0;
    if (length > max) throw new MalformedError(`a frame of ${length} bytes, the limit is ${max}`);
    return length;
  }

  /** A view pins its whole chunk for as long as the frame is kept, so only most of a chunk becomes a view. */
  #cut(length: number): Bytes {
    const start = this.#at;
    this.#at += length;
    if (length * 2 < this.#chunk.length) return this.#chunk.slice(start, this.#at);
    return this.#chunk.subarray(start, this.#at);
  }

  #fillBody(body: Uint8Array): Frame | undefined {
    const part = this.#chunk.subarray(this.#at, this.#at + body.length - this.#bodyFilled);
    body.set(part, this.#bodyFilled);
    this.#at += part.length;
    this.#bodyFilled += part.length;
    if (this.#bodyFilled < body.length) return undefined;
    this.#body = undefined;
    this.#headFilled = 0;
    return { kind: this.#kind(), body };
  }
}

/** The bytes of these frames in as few pieces as pays off, in order. */
export function gather(frames: readonly Frame[]): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  for (const { body } of frames) bytes += frameHeadBytes + (body.length < gatherBytesMax ? body.length : 0);
  const block = Buffer.allocUnsafe(bytes);
  let start = 0;
  let at = 0;
  for (const { kind, body } of frames) {
    at = block.writeUInt32BE(body.length + 1, at);
    at = block.writeUInt8(kind, at);
    if (body.length < gatherBytesMax) {
      block.set(body, at);
      at += body.length;
    } else {
      pieces.push(block.subarray(start, at), body);
      start = at;
    }
  }
  if (at > start) pieces.push(block.subarray(start, at));
  return pieces;
}
