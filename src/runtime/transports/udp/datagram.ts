import { createHmac, timingSafeEqual } from "node:crypto";
import type { Bytes } from "../../../base/bytes.ts";

/** What a datagram is: a frame, or a question whether datagrams get through. */
export const datagramKinds = { frame: 0, probe: 1 } as const;

/** One datagram, as it was sent. */
export interface Datagram {
  readonly kind: number;
  /** Names the channel; drawn by the end that dialled. */
  readonly token: string;
  /** Counts the channel's stretches of sending by datagrams. */
  readonly stretch: number;
  /** Counts its datagrams: none is taken twice, or after a later one. */
  readonly number: number;
  readonly body: Bytes;
}

/** "QU", a version and the kind, token, stretch, number, tag; then the frame. */
const tokenAt = 4;
const stretchAt = 12;
const numberAt = 16;
const tagAt = 22;
const tagBytes = 16;
const headBytes = tagAt + tagBytes;
const version = 1;

/** Length of a token. */
export const tokenBytes = 8;
/** Length of the secret by which datagrams of a channel are signed. */
export const secretBytes = 32;

/** Signs a frame: HMAC-SHA-256, cut to 128 bits. */
export function encodeDatagram(datagram: Datagram, secret: Bytes): Bytes {
  const bytes = Buffer.alloc(headBytes + datagram.body.length);
  bytes.write("QU", "latin1");
  bytes[2] = version;
  bytes[3] = datagram.kind;
  bytes.write(datagram.token, tokenAt, "hex");
  bytes.writeUInt32BE(datagram.stretch, stretchAt);
  bytes.writeUIntBE(datagram.number, numberAt, 6);
  bytes.set(datagram.body, headBytes);
  bytes.set(tagOf(bytes, secret), tagAt);
  return bytes;
}

/** Takes a datagram apart, if it is one and the channel that it names has signed it. */
export function readDatagram(bytes: Buffer, secretOf: (token: string) => Bytes | undefined): Datagram | undefined {
  const isOurs = bytes.length >= headBytes && bytes.toString("latin1", 0, 2) === "QU" && bytes[2] === version;
  if (!isOurs) return undefined;
  const token = bytes.toString("hex", tokenAt, tokenAt + tokenBytes);
  const secret = secretOf(token);
  if (secret === undefined) return undefined;
  if (!timingSafeEqual(bytes.subarray(tagAt, headBytes), tagOf(bytes, secret))) return undefined;
  return {
    kind: bytes[3] as number,
    token,
    stretch: bytes.readUInt32BE(stretchAt),
    number: bytes.readUIntBE(numberAt, 6),
    body: Uint8Array.from(bytes.subarray(headBytes)),
  };
}

function tagOf(bytes: Buffer, secret: Bytes): Buffer {
  const tag = createHmac("sha256", secret).update(bytes.subarray(0, tagAt)).update(bytes.subarray(headBytes)).digest();
  return tag.subarray(0, tagBytes);
}
