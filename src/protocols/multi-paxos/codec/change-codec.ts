import { ByteReader, type Bytes, ByteWriter } from "../../../base/bytes.ts";
import { MalformedError } from "../../../base/errors.ts";
import { readMembers, writeMembers } from "../../membership-codec.ts";
import { isListed } from "../../replicated-log.ts";
import type { Configuration } from "../messages.ts";
import { votersMax } from "../options.ts";

/** First byte of a change of members in an update. */
const changeFormat = 1;

/** What a change of members says of the configuration that it makes. */
export type Change = Pick<Configuration, "alpha" | "members" | "learners">;

/** A change of members as the payload of an update. */
export function encodeChange({ alpha, members, learners }: Change): Bytes {
  const writer = new ByteWriter(256).byte(changeFormat).varint(alpha);
  writeMembers(writer, members);
  writeMembers(writer, learners);
  return writer.finish();
}

/** The change that a payload is. Throws `MalformedError` for what `encodeChange` did not make. */
export function decodeChange(bytes: Bytes): Change {
  const reader = new ByteReader(bytes);
  const format = reader.byte();
  if (format !== changeFormat) throw new MalformedError(`a change of format ${format}`);
  const change = { alpha: reader.varint(), members: readMembers(reader), learners: readMembers(reader) };
  reader.finish();
  if (!isChange(change)) throw new MalformedError("a change makes no configuration");
  return change;
}

/** Whether these can take part: there are voters, not too many, and none stands twice. */
export function isChange({ alpha, members, learners }: Change): boolean {
  const areApart = new Set([...members, ...learners].map(({ id }) => id)).size === members.length + learners.length;
  const areDisjoint = members.every(({ id }) => !isListed(learners, id));
  return alpha >= 1 && members.length >= 1 && members.length <= votersMax && areApart && areDisjoint;
}
