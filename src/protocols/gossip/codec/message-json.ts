import type { Bytes } from "../../../base/bytes.ts";
import { MalformedError } from "../../../base/errors.ts";
import { isNodeId } from "../../../base/ids.ts";
import { areRanges } from "../known/ranges.ts";
import type { Cover, Digest, GossipMessage, Header, LinkReport, Range, Rumour } from "../messages.ts";
import { isOrigin } from "./message-codec.ts";

type Json = Readonly<Record<string, unknown>>;

/** A message as JSON can say it; the caller says what becomes of a payload. */
export function messageToJson(message: GossipMessage, payloadToJson: (payload: Bytes) => unknown): object {
  if (message.kind !== "batch") return message;
  const rumours = message.rumours.map((rumour) => ({ ...rumour, payloads: rumour.payloads.map(payloadToJson) }));
  return { ...message, rumours };
}

/** Reads what `messageToJson` made, trusting nothing: every fault is a `MalformedError`. */
export function messageFromJson(json: unknown, payloadFromJson: (json: unknown) => Bytes): GossipMessage {
  const from = record(json);
  const header = headerOf(from);
  switch (from.kind) {
    case "batch":
      return {
        kind: "batch",
        ...header,
        number: whole(from.number),
        rumours: list(from.rumours, (each) => rumour(each, payloadFromJson)),
        gone: digest(from.gone),
        knows: digest(from.knows),
        isUrgent: truth(from.isUrgent),
        ...(from.cover !== undefined && { cover: cover(from.cover) }),
      };
    case "ack":
      return {
        kind: "ack",
        ...header,
        knows: digest(from.knows),
        ...(from.cover !== undefined && { cover: cover(from.cover) }),
      };
    case "digest":
      return {
        kind: "digest",
        ...header,
        hash: whole(from.hash),
        asks: truth(from.asks),
        ...(from.number !== undefined && { number: whole(from.number) }),
        ...(from.knows !== undefined && { knows: digest(from.knows) }),
      };
    case "reports":
      return { kind: "reports", ...header, reports: list(from.reports, report) };
    default:
      throw new MalformedError("of a kind that is not known");
  }
}

function headerOf({ incarnation, links, dueTicks, answers }: Json): Header {
  const common = { incarnation: whole(incarnation), links: whole(links) };
  const due = dueTicks !== undefined && { dueTicks: whole(dueTicks) };
  if (answers === undefined) return { ...common, ...due };
  const said = record(answers);
  const [life, number, heldTicks] = [whole(said.incarnation), whole(said.number), whole(said.heldTicks)];
  return { ...common, ...due, answers: { incarnation: life, number, heldTicks } };
}

function digest(json: unknown): Digest {
  return list(json, (each) => {
    const { origin, ranges } = record(each);
    const read = list(ranges, (range): Range => {
      if (!Array.isArray(range) || range.length !== 2) throw new MalformedError("not a range");
      return [whole(range[0]), whole(range[1])];
    });
    if (read.length === 0 || !areRanges(read)) throw new MalformedError("not ranges");
    return { origin: originOf(origin), ranges: read };
  });
}

function rumour(json: unknown, payloadFromJson: (json: unknown) => Bytes): Rumour {
  const { origin, first, payloads } = record(json);
  const read = list(payloads, payloadFromJson);
  const number = whole(first);
  if (number < 1 || read.length === 0 || !Number.isSafeInteger(number + read.length)) {
    throw new MalformedError("a rumour without payloads or number");
  }
  return { origin: originOf(origin), first: number, payloads: read };
}

function cover(json: unknown): Cover {
  const { tree, holds, asks } = record(json);
  return { tree: whole(tree), holds: digest(holds), asks: truth(asks) };
}

function report(json: unknown): LinkReport {
  const { node, incarnation, version, down } = record(json);
  return { node: nodeId(node), incarnation: whole(incarnation), version: whole(version), down: list(down, nodeId) };
}

function record(json: unknown): Json {
  if (typeof json !== "object" || json === null || Array.isArray(json)) throw new MalformedError("not an object");
  return json as Json;
}

function list<Item>(json: unknown, read: (json: unknown) => Item): Item[] {
  if (!Array.isArray(json)) throw new MalformedError("not a list");
  return json.map(read);
}

function whole(json: unknown): number {
  if (!Number.isSafeInteger(json) || (json as number) < 0) throw new MalformedError("not a whole number");
  return json as number;
}

function truth(json: unknown): boolean {
  if (typeof json !== "boolean") throw new MalformedError("neither true nor false");
  return json;
}

function nodeId(json: unknown): string {
  if (typeof json !== "string" || !isNodeId(json)) throw new MalformedError("not the name of a node");
  return json;
}

function originOf(json: unknown): string {
  if (typeof json !== "string" || !isOrigin(json)) throw new MalformedError("not the name of an origin");
  return json;
}
