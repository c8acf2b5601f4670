import { ByteReader, type Bytes, ByteWriter } from "../../../base/bytes.ts";
import { MalformedError } from "../../../base/errors.ts";
import { secretBytes, tokenBytes } from "./datagram.ts";

/** What travels on the stream beside the datagrams of a channel. */
export type StreamFrame =
  | { readonly kind: "message"; readonly body: Bytes }
  /** Datagrams of this channel will come, signed so. */
  | { readonly kind: "offer"; readonly token: string; readonly secret: Bytes }
  /** No datagrams for a while; `number`: of the last one. */
  | { readonly kind: "pause"; readonly number: number }
  /** What comes next may be datagrams of this stretch: to be answered by `ready`. */
  | { readonly kind: "resume"; readonly stretch: number }
  | { readonly kind: "ready"; readonly stretch: number }
  /** A probe came through. */
  | { readonly kind: "heard" };

const kinds: readonly StreamFrame["kind"][] = ["message", "offer", "pause", "resume", "ready", "heard"];

/** The frame as bytes. */
export function encodeStreamFrame(frame: StreamFrame): Bytes {
  const writer = new ByteWriter(frame.kind === "message" ? frame.body.length + 1 : 64).byte(kinds.indexOf(frame.kind));
  switch (frame.kind) {
    case "message":
      writer.raw(frame.body);
      break;
    case "offer":
      writer.raw(Buffer.from(frame.token, "hex")).raw(frame.secret);
      break;
    case "pause":
      writer.varint(frame.number);
      break;
    case "resume":
    case "ready":
      writer.varint(frame.stretch);
      break;
    case "heard":
      break;
  }
  return writer.finish();
}

/** The same the other way. Throws `MalformedError`. */
export function decodeStreamFrame(bytes: Bytes): StreamFrame {
  const kind = kinds[bytes[0] ?? 255];
  if (kind === "message") return { kind, body: bytes.slice(1) };
  const reader = new ByteReader(bytes);
  reader.byte();
  switch (kind) {
    case "offer": {
      const token = Buffer.from(reader.raw(tokenBytes)).toString("hex");
      return { kind, token, secret: Uint8Array.from(reader.raw(secretBytes)) };
    }
    case "pause":
      return { kind, number: reader.varint() };
    case "resume":
    case "ready":
      return { kind, stretch: reader.varint() };
    case "heard":
      return { kind };
    default:
      throw new MalformedError("unknown kind of frame");
  }
}
