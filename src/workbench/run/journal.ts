/** Why a message never reached anybody. */
export type LossReason = "partition" | "chance" | "down" | "end";

/** One message on the network, from the moment it was sent. Clients are `c1`…, nodes `n0`…, services have names. */
export interface JournalMessage {
  /** In the order of sending, from 0; a duplicate made by the network has a number of its own. */
  readonly id: number;
  readonly src: string;
  readonly dest: string;
  readonly body: { readonly type?: unknown; readonly [field: string]: unknown };
  /** Whole nanoseconds since the test began. */
  readonly sentNs: number;
  /** When it was handed to its receiver; undefined while it is on its way, and for ever when it is lost. */
  receivedNs?: number;
  lost?: LossReason;
  /** The message that the network doubled. */
  readonly duplicateOf?: number;
}

/** How many messages went one kind of way. */
export interface Traffic {
  sent: number;
  /** Of those, copies that the network made. */
  doubled: number;
  received: number;
  lost: number;
}

/** Messages kept for the report, and their characters of JSON; those beyond either are only counted. */
const messagesMax = 1_000_000;
const charactersMaxDefault = 128 * 2 ** 20;

/** All messages of a test, also those that were not kept. */
export interface TrafficCounts {
  readonly all: Traffic;
  /** To or from a client. */
  readonly clients: Traffic;
  /** Between nodes, and between nodes and services. */
  readonly servers: Traffic;
}

/** All that happened on the network. */
export class Journal {
  /** The first of them, in the order of sending. */
  readonly messages: JournalMessage[] = [];
  readonly traffic: TrafficCounts = { all: noTraffic(), clients: noTraffic(), servers: noTraffic() };
  readonly #charactersMax: number;
  #characters = 0;

  constructor(charactersMax: number = charactersMaxDefault) {
    this.#charactersMax = charactersMax;
  }

  /** `characters` is the length of its JSON; clients, which ask little, need not tell. */
  sent(message: Omit<JournalMessage, "id">, characters = 0): JournalMessage {
    const entry: JournalMessage = { ...message, id: this.traffic.all.sent };
    this.#characters += characters;
    if (this.messages.length < messagesMax && this.#characters < this.#charactersMax) this.messages.push(entry);
    this.#count(entry, "sent");
    if (entry.duplicateOf !== undefined) this.#count(entry, "doubled");
    return entry;
  }

  received(message: JournalMessage, nowNs: number): void {
    message.receivedNs = nowNs;
    this.#count(message, "received");
  }

  lost(message: JournalMessage, reason: LossReason): void {
    message.lost = reason;
    this.#count(message, "lost");
  }

  #count(message: JournalMessage, what: keyof Traffic): void {
    this.traffic.all[what]++;
    (involvesClient(message) ? this.traffic.clients : this.traffic.servers)[what]++;
  }
}

function noTraffic(): Traffic {
  return { sent: 0, doubled: 0, received: 0, lost: 0 };
}

/** Whether a client is at either end. */
export function involvesClient({ src, dest }: Pick<JournalMessage, "src" | "dest">): boolean {
  return isClient(src) || isClient(dest);
}

/** Whether somebody on the network is a client: Maelstrom tells them by their first letter. */
export function isClient(id: string): boolean {
  return id.startsWith("c");
}
