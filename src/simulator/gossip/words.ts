import type { Digest, GossipMessage, GossipOutput } from "../../protocols/gossip/index.ts";

/** What a message says, in a few words. */
export function messageWords(message: GossipMessage): string {
  switch (message.kind) {
    case "batch": {
      const rumours = message.rumours.map(({ origin, first, payloads }) => span(origin, first, payloads.length));
      const gone = message.gone.length === 0 ? "" : `, gone ${digestWords(message.gone)}`;
      return `batch ${message.number}: ${rumours.join(" ")}${gone}${knowsWords(message.knows)}`;
    }
    case "ack":
      return `ack${knowsWords(message.knows)}${message.cover === undefined ? "" : ", cover"}`;
    case "digest": {
      const question = message.asks ? "?" : "";
      return message.knows === undefined ? `hash${question}` : `digest${question} ${digestWords(message.knows)}`;
    }
    case "reports":
      return `reports ${message.reports.map(({ node, down }) => `${node} lost ${down.join(" ") || "nobody"}`).join("; ")}`;
  }
}

/** What an owner is told, in a few words. */
export function outputWords(output: GossipOutput): string {
  switch (output.kind) {
    case "deliver":
      return `delivers ${span(output.origin, output.first, output.payloads.length)}`;
    case "accepted":
      return `accepts ${output.id} as ${span(output.origin, output.first, output.count)}`;
    case "refused":
      return `refuses ${output.id}: ${output.reason}`;
    case "secured":
      return `has secured ${output.id}, copies: ${output.copies}`;
    case "missed":
      return `has missed ${digestWords(output.numbers)}`;
    case "peer":
      return output.isDown ? `loses ${output.peer}` : `finds ${output.peer}`;
  }
}

/** Numbers by origin, as `a#1:1-3,5`. */
export function digestWords(digest: Digest): string {
  const words = digest.map(
    ({ origin, ranges }) => `${origin}:${ranges.map(([first, last]) => rangeWords(first, last)).join()}`,
  );
  return words.join(" ") || "nothing";
}

function knowsWords(knows: Digest): string {
  return knows.length === 0 ? "" : `, knows ${digestWords(knows)}`;
}

function span(origin: string, first: number, count: number): string {
  return `${origin}:${rangeWords(first, first + count - 1)}`;
}

function rangeWords(first: number, last: number): string {
  return first === last ? String(first) : `${first}-${last}`;
}
