import { ByteReader, type Bytes, ByteWriter } from "../base/bytes.ts";
import { MalformedError } from "../base/errors.ts";
import { isNodeId, type NodeId, nodeIdBytesMax } from "../base/ids.ts";
import type { Member, Membership } from "./replicated-log.ts";

/** First byte of a membership in an entry. */
const membershipFormat = 1;

/** Most members that one list may name. */
export const membersMax = 1000;

/** Longest address, in bytes. */
export const addressBytesMax = 1024;

/** A membership as the payload of an entry. */
export function encodeMembership(membership: Membership): Bytes {
  const writer = new ByteWriter(256).byte(membershipFormat);
  writeMembership(writer, membership);
  return writer.finish();
}

/** The membership that an entry's payload is. Throws `MalformedError` for what `encodeMembership` did not make. */
export function decodeMembership(bytes: Bytes): Membership {
  const reader = new ByteReader(bytes);
  const format = reader.byte();
  if (format !== membershipFormat) throw new MalformedError(`a membership of format ${format}`);
  const membership = readMembership(reader);
  reader.finish();
  return membership;
}

/** Voters, outgoing voters, learners. */
export function writeMembership(writer: ByteWriter, { members, outgoing, learners }: Membership): void {
  writeMembers(writer, members);
  writeMembers(writer, outgoing);
  writeMembers(writer, learners);
}

/** Reads a membership. */
export function readMembership(reader: ByteReader): Membership {
  return { members: readMembers(reader), outgoing: readMembers(reader), learners: readMembers(reader) };
}

/** A count, then id and address of each. */
export function writeMembers(writer: ByteWriter, members: readonly Member[]): void {
  writer.varint(members.length);
  for (const member of members) writer.text(member.id).text(member.address);
}

/** Reads members, at most 1000. */
export function readMembers(reader: ByteReader): readonly Member[] {
  const count = reader.varint(membersMax);
  const members: Member[] = [];
  for (let at = 0; at < count; at++) members.push({ id: readNodeId(reader), address: reader.text(addressBytesMax) });
  return members;
}

/** Reads a text that is a well-formed node id. */
function readNodeId(reader: ByteReader): NodeId {
  const id = reader.text(nodeIdBytesMax);
  if (!isNodeId(id)) throw new MalformedError("a node id is not one");
  return id;
}
