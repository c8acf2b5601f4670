import type { Codec } from "../base/bytes.ts";
import { MalformedError } from "../base/errors.ts";
import { isNodeId, type NodeId, nodeIdBytesMax } from "../base/ids.ts";
import { type ProtoField, part, parts, protoMessage } from "../base/proto-codec.ts";
import { parseUtf8, toUtf8 } from "../base/text.ts";
import { addressBytesMax, membersMax } from "./membership-codec.ts";
import type { Member } from "./replicated-log.ts";

const nodeId: Codec<NodeId> = {
  encode: toUtf8,
  decode: (encoded) => {
    const id = encoded.length > nodeIdBytesMax ? undefined : parseUtf8(encoded);
    if (id === undefined || !isNodeId(id)) throw new MalformedError("a node id is not one");
    return id;
  },
};

const address: ProtoField<string> = {
  write: (writer, field, value) => void writer.text(field, value),
  read: (fields, field) => fields.text(field, addressBytesMax),
};

/** Ids of members, `repeated string`; at most 1000. */
export const protoIds: ProtoField<readonly NodeId[]> = parts(nodeId, membersMax);

/** Members, `repeated Member` of the schemas under proto/; at most 1000. */
export const protoMembers: ProtoField<readonly Member[]> = parts(
  protoMessage<Member>({ id: part(nodeId), address }),
  membersMax,
);
