import type { Writable } from "node:stream";
import { type Bytes, noBytes } from "../../base/bytes.ts";
import { GrpcError, grpcStatus } from "./status.ts";

/** Bytes before each message: a flag for compression, then its length, big end first. */
const frameHeadBytes = 5;

/** A message as it travels, not compressed. */
export function frameOf(message: Bytes): Bytes {
  const frame = Buffer.allocUnsafe(frameHeadBytes + message.length);
  frame[0] = 0;
  frame.writeUInt32BE(message.length, 1);
  frame.set(message, frameHeadBytes);
  return frame;
}

/** Lets what is written in this turn leave together when it ends. */
export function corkForTurn(stream: Writable): void {
  if (stream.writableCorked > 0) return;
  stream.cork();
  process.nextTick(() => stream.uncork());
}

/** Cuts a stream of chunks into messages. After a `GrpcError` the stream is lost. */
export class MessageReader {
  readonly #bytesMax: number;
  #chunk: Bytes = noBytes;
  #at = 0;
  readonly #head = new Uint8Array(frameHeadBytes);
  #headFilled = 0;
  #body: Uint8Array | undefined;
  #bodyFilled = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** Whether a message has begun and not ended. */
  get isInside(): boolean {
    return this.#headFilled > 0;
  }

  /** Adds what arrived next; call only when `next` has nothing left. */
  push(chunk: Bytes): void {
    this.#chunk = chunk;
    this.#at = 0;
  }

  /** The next whole message, whose bytes are the caller's to keep. */
  next(): Bytes | undefined {
    if (this.#body === undefined) {
      while (this.#headFilled < frameHeadBytes) {
        const byte = this.#chunk[this.#at];
        if (byte === undefined) return undefined;
        this.#head[this.#headFilled++] = byte;
        this.#at++;
      }
      const length = this.#length();
      if (this.#chunk.length - this.#at >= length) return this.#cut(length);
      this.#body = new Uint8Array(length); // zero pages, taken from the system only as bytes arrive
      this.#bodyFilled = 0;
    }
    const part = this.#chunk.subarray(this.#at, this.#at + this.#body.length - this.#bodyFilled);
    this.#body.set(part, this.#bodyFilled);
    this.#at += part.length;
    this.#bodyFilled += part.length;
    if (this.#bodyFilled < this.#body.length) return undefined;
    const whole = this.#body;
    this.#body = undefined;
    this.#headFilled = 0;
    return whole;
  }

  /** A view pins its whole buffer for as long as the message is kept, so only most of a buffer becomes a view. */
  #cut(length: number): Bytes {
    const start = this.#at;
    this.#at += length;
    this.#headFilled = 0;
    const { buffer, byteOffset } = this.#chunk;
    const view = new Uint8Array(buffer, byteOffset + start, length);
    return length * 2 < buffer.byteLength ? view.slice() : view;
  }

  #length(): number {
    const [flag, a = 0, b = 0, c = 0, d = 0] = this.#head;
    if (flag === 1) throw new GrpcError(grpcStatus.unimplemented, "compressed messages are not taken");
    if (flag !== 0) throw new GrpcError(grpcStatus.internal, `a message with the flag ${flag}`);
    const length = ((a << 24) | (b << 16) | (c << 8) | d) >>> 0;
    if (length <= this.#bytesMax) return length;
    const text = `a message of ${length} bytes, the limit is ${this.#bytesMax}`;
    throw new GrpcError(grpcStatus.resourceExhausted, text);
  }
}
