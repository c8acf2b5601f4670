import type { Bytes, Codec } from "../../base/bytes.ts";
import { MalformedError } from "../../base/errors.ts";
import { isNodeId } from "../../base/ids.ts";
import { ProtoFields, ProtoWriter } from "../../base/protobuf.ts";
import type { Method } from "../../runtime/grpc/method.ts";

/** Longest text of an update, in bytes of UTF-8. */
export const textBytesMax: number = 256 * 1024;

/** What is to be ordered. Client and timestamp name it: a repeat of both is the same update. */
export interface Update {
  /** One that no other client has; in the form of a node id. */
  readonly client: string;
  /** Rises with each of the client's updates, from 1: one is sent when the one before is ordered, or given up. */
  readonly timestamp: number;
  readonly text: string;
}

const clientBytesMax = 64;

/** As `Update` of the schema. Throws `MalformedError` for what names no update, or is too long. */
export const updateCodec: Codec<Update> = {
  encode: ({ client, timestamp, text }) => {
    return new ProtoWriter(text.length + 96).text(1, client).number(2, timestamp).text(3, text).finish();
  },
  decode: (bytes: Bytes) => {
    const fields = new ProtoFields(bytes);
    const update = {
      client: fields.text(1, clientBytesMax),
      timestamp: fields.number(2),
      text: fields.text(3, textBytesMax),
    };
    if (!isNodeId(update.client)) throw new MalformedError("an update without a client's name");
    if (update.timestamp === 0) throw new MalformedError("an update without a timestamp");
    return update;
  },
};

const orderedCodec: Codec<number> = {
  encode: (seq) => new ProtoWriter().number(1, seq).finish(),
  decode: (bytes: Bytes) => new ProtoFields(bytes).number(1),
};

/** Has an update ordered, and answers with its number: proto/quorate/ordering/v1/ordering.proto. */
export const orderMethod: Method<"unary", Update, number> = {
  kind: "unary",
  path: "/quorate.ordering.v1.Ordering/Order",
  request: updateCodec,
  response: orderedCodec,
};
