import type { Bytes } from "../../../base/bytes.ts";
import { MalformedError } from "../../../base/errors.ts";
import { ProtoFields, ProtoWriter } from "../../../base/protobuf.ts";
import { shortAddressBytesMax } from "../addresses.ts";
import {
  clusterIdBytesMax,
  type Identity,
  isPeerName,
  mismatches,
  protocolBytesMax,
  type Refused,
} from "../links/handshake.ts";

const textBytesMax = 512;

/** A `Greeting` of proto/quorate/members/v1/members.proto. */
export function encodeIdentity({ versions, session, clusterId, from, to, protocol = "" }: Identity): Bytes {
  const writer = new ProtoWriter().number(1, versions.min).number(2, versions.max).number(3, session);
  return writer.text(4, clusterId).text(5, from).text(6, to).text(7, protocol).finish();
}

/** The same the other way. Throws `MalformedError`. */
export function decodeIdentity(bytes: Bytes): Identity {
  const fields = new ProtoFields(bytes);
  const versions = { min: fields.number(1), max: fields.number(2) };
  if (versions.min > versions.max) throw new MalformedError("no version is spoken");
  const [from, to] = [fields.text(5, shortAddressBytesMax), fields.text(6, shortAddressBytesMax)];
  if (!isPeerName(from) || !isPeerName(to)) throw new MalformedError("a greeting without node ids");
  const clusterId = readable(fields.text(4, clusterIdBytesMax));
  const protocol = readable(fields.text(7, protocolBytesMax));
  return { versions, session: fields.number(3), clusterId, from, to, ...(protocol !== "" && { protocol }) };
}

/** A `Refusal`, likewise. */
export function encodeRefusal({ mismatch, text }: Refused): Bytes {
  return new ProtoWriter().number(1, mismatches.indexOf(mismatch)).text(2, text).finish();
}

/** The same the other way. Throws `MalformedError`. */
export function decodeRefusal(bytes: Bytes): Refused {
  const fields = new ProtoFields(bytes);
  return { mismatch: mismatches[fields.number(1)] ?? "other", text: readable(fields.text(2, textBytesMax)) };
}

/** A text that is fit for an operator's screen. */
function readable(text: string): string {
  if (/\p{Cc}/u.test(text)) throw new MalformedError("a text with control characters");
  return text;
}
