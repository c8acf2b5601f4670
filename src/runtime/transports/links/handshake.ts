import { ByteReader, type Bytes, ByteWriter, noBytes } from "../../../base/bytes.ts";
import { MalformedError } from "../../../base/errors.ts";
import { isNodeId, type NodeId } from "../../../base/ids.ts";
import { fromUtf8, toUtf8 } from "../../../base/text.ts";
import { tlsFirstByte } from "../../tls/entrance.ts";
import { isShortAddress, shortAddressBytesMax } from "../addresses.ts";

/** Versions of what follows the handshake, from oldest to newest spoken: a release speaks with the one before it. */
export interface Versions {
  readonly min: number;
  readonly max: number;
}

/** The oldest version that this release speaks. */
export const oldestVersion = 1;

/**
 * Why two nodes do not talk. `full`: no room for strangers at present; `tls`: one end encrypts, the other does not;
 * `certificate`: not one of that member, or not trusted; `protocol`: the order is kept in another way; `other`: a
 * reason of a later release.
 */
export type Mismatch = (typeof mismatches)[number];

/** Why, for the other end and for its operator. */
export interface Refused {
  readonly mismatch: Mismatch;
  readonly text: string;
}

/** Who one end of a connection is, and whom it takes the other for. */
export interface Identity {
  readonly versions: Versions;
  /** Drawn anew at each start: tells a restarted node from one that was away. */
  readonly session: number;
  readonly clusterId: string;
  readonly from: NodeId;
  readonly to: NodeId;
  /** What keeps the order there; a release that names none knows no Multi-Paxos. */
  readonly protocol?: string;
}

/** What each end says first. A hello is answered by a welcome, then frames flow, or by a refusal, then it is over. */
export type Greeting = Identity & ({ readonly kind: "hello" | "welcome" } | ({ readonly kind: "refusal" } & Refused));

/** A greeting's whole length at most; all that a stranger can make us hold. */
const greetingBytesMax = 1024;
/** Longest cluster id, in bytes of UTF-8. */
export const clusterIdBytesMax = 128;
const textBytesMax = 256;
/** Longest name of a protocol, in bytes. */
export const protocolBytesMax = 64;

const magic = toUtf8("QUOR");
const headBytes = magic.length + 2;
const kinds = ["hello", "welcome", "refusal"] as const;
/** In the order of their numbers on the wire. */
export const mismatches = ["other", "version", "cluster", "node", "full", "tls", "certificate", "protocol"] as const;

/**
 * A greeting's bytes: "QUOR", u16 length of the rest (big end first), kind, versions, session, cluster, from, to,
 * a refusal's reason, and the protocol.
 *
 * This layout holds for every version: later ones append fields, which earlier ones ignore.
 */
export function encodeGreeting(greeting: Greeting): Bytes {
  const writer = new ByteWriter(256);
  writer.byte(kinds.indexOf(greeting.kind)).varint(greeting.versions.min).varint(greeting.versions.max);
  writer.varint(greeting.session).text(greeting.clusterId).text(greeting.from).text(greeting.to);
  if (greeting.kind === "refusal") writer.byte(mismatches.indexOf(greeting.mismatch)).text(greeting.text);
  if (greeting.protocol !== undefined) writer.text(greeting.protocol);
  const body = writer.finish();
  return new ByteWriter(headBytes + body.length)
    .raw(magic)
    .byte(body.length >>> 8)
    .byte(body.length & 0xff)
    .raw(body)
    .finish();
}

function decodeBody(body: Bytes): Greeting {
  const reader = new ByteReader(body);
  const kind = kinds[reader.byte()];
  if (!kind) throw new MalformedError("unknown kind of greeting");
  const versions = { min: reader.varint(), max: reader.varint() };
  if (versions.min > versions.max) throw new MalformedError("no version is spoken");
  const session = reader.varint();
  const clusterId = readText(reader, clusterIdBytesMax);
  const from = reader.text(shortAddressBytesMax);
  const to = reader.text(shortAddressBytesMax);
  if (!isPeerName(from) || !isPeerName(to)) throw new MalformedError("a greeting without node ids");
  const identity = { versions, session, clusterId, from, to };
  if (kind !== "refusal") return { kind, ...identity, ...readProtocol(reader) };
  const refused = { mismatch: mismatches[reader.byte()] ?? "other", text: readText(reader, textBytesMax) };
  return { kind, ...identity, ...refused, ...readProtocol(reader) };
}

/** Releases before end here, or said nothing. */
function readProtocol(reader: ByteReader): { readonly protocol?: string } {
  return reader.remaining === 0 ? {} : { protocol: readText(reader, protocolBytesMax) };
}

/** Members of a cluster have ids; a member of a group is named by its address. */
export function isPeerName(text: string): boolean {
  return isNodeId(text) || isShortAddress(text);
}

/** A text that is fit for an operator's screen. */
function readText(reader: ByteReader, bytesMax: number): string {
  const text = reader.text(bytesMax);
  if (/\p{Cc}/u.test(text)) throw new MalformedError("a text with control characters");
  return text;
}

function isHttp2(bytes: Bytes): boolean {
  return bytes.length >= 4 && fromUtf8(bytes.subarray(0, 4)) === "PRI ";
}

/** Takes the greeting off the start of a stream, and nothing more. */
export class GreetingReader {
  #held: Bytes = noBytes;

  /** The greeting and what came after it, once it is whole. Throws `MalformedError` as soon as it can be none. */
  read(chunk: Bytes): { readonly greeting: Greeting; readonly rest: Bytes } | undefined {
    const bytes = this.#held.length > 0 ? Buffer.concat([this.#held, chunk]) : chunk;
    if (bytes[0] === tlsFirstByte) throw new MalformedError("TLS, where this end speaks none");
    if (bytes[0] === 0)
      throw new MalformedError("HTTP/2: a member that runs with transport grpc, and this one with tcp");
    if (isHttp2(bytes)) throw new MalformedError("gRPC, and this member runs with transport tcp");
    for (const [at, byte] of magic.entries()) {
      if (at < bytes.length && bytes[at] !== byte) throw new MalformedError("not Quorate's protocol");
    }
    if (bytes.length >= headBytes) {
      const end = headBytes + (bytes[4] as number) * 256 + (bytes[5] as number);
      if (end > greetingBytesMax)
        throw new MalformedError(`a greeting of ${end} bytes, the limit is ${greetingBytesMax}`);
      if (bytes.length >= end)
        return { greeting: decodeBody(bytes.subarray(headBytes, end)), rest: bytes.subarray(end) };
    }
    this.#held = Uint8Array.from(bytes);
    return undefined;
  }
}

/** What in the other end's greeting does not fit ours, in words for its operator; `undefined` when we may talk. */
export function findMismatch(ours: Identity, theirs: Identity): Refused | undefined {
  if (theirs.versions.max < ours.versions.min || theirs.versions.min > ours.versions.max) {
    const { min, max } = ours.versions;
    return { mismatch: "version", text: `${ours.from} speaks protocol versions ${min} to ${max}` };
  }
  if (theirs.clusterId !== ours.clusterId) {
    return { mismatch: "cluster", text: `${ours.from} belongs to cluster ${ours.clusterId}` };
  }
  if (theirs.from === ours.from) return { mismatch: "node", text: `${ours.from} is this end's own id` };
  if (theirs.to !== ours.from) return { mismatch: "node", text: `this is ${ours.from}, not ${theirs.to}` };
  if (!isSameProtocol(ours.protocol, theirs.protocol)) {
    return { mismatch: "protocol", text: `${ours.from} runs ${ours.protocol ?? "raft"}, and so must all members` };
  }
  if (theirs.from !== ours.to) return { mismatch: "node", text: `${ours.to} was expected, not ${theirs.from}` };
  return undefined;
}

function isSameProtocol(one: string | undefined, other: string | undefined): boolean {
  if (one !== undefined && other !== undefined) return one === other;
  return (one ?? other) !== "multi-paxos";
}
