import { MalformedError } from "../../base/errors.ts";

/** What a member did, in its own order. Each message has a name of its own. */
export interface BroadcastEvent {
  readonly kind: "broadcast" | "deliver";
  readonly message: string;
}

/** All that one member broadcast and delivered, in its own order, until everything was quiet. */
export interface MemberLog {
  readonly member: string;
  readonly events: readonly BroadcastEvent[];
  /** A member that crashed need not have delivered everything. Default: it did not. */
  readonly hasCrashed?: boolean;
}

/** A message, by number. */
export interface Message {
  readonly name: string;
  /** The number of the member that broadcast it; -1 if none did. */
  readonly sender: number;
  /** How many messages its sender had broadcast before. */
  readonly sequence: number;
}

/** A member, by number. */
export interface Member {
  readonly name: string;
  readonly hasCrashed: boolean;
  /** Messages in the order of the log: `number` is broadcast, `~number` delivered. */
  readonly events: Int32Array;
  /** For each message the place of its first delivery in the log, or -1. */
  readonly deliveredAt: Int32Array;
}

/** Logs with numbers in the place of names. */
export interface Logs {
  readonly members: readonly Member[];
  readonly messages: readonly Message[];
}

/** Numbers members and messages. Throws `MalformedError` for a member that is listed twice, or a message sent twice. */
export function numberLogs(logs: readonly MemberLog[]): Logs {
  const messages: Message[] = [];
  const numbers = new Map<string, number>();
  const names = new Set<string>();
  for (const [sender, { member, events }] of logs.entries()) {
    if (names.has(member)) throw new MalformedError(`member ${member} is listed twice`);
    names.add(member);
    let sequence = 0;
    for (const { kind, message } of events) {
      if (kind !== "broadcast") continue;
      if (numbers.has(message)) throw new MalformedError(`message ${message} is broadcast twice: names must differ`);
      numbers.set(message, messages.push({ name: message, sender, sequence: sequence++ }) - 1);
    }
  }
  const numberOf = (name: string): number => {
    const known = numbers.get(name);
    if (known !== undefined) return known;
    const number = messages.push({ name, sender: -1, sequence: 0 }) - 1;
    numbers.set(name, number);
    return number;
  };
  const numbered = logs.map(({ events }) =>
    Int32Array.from(events, ({ kind, message }) => (kind === "broadcast" ? numberOf(message) : ~numberOf(message))),
  );
  const members = logs.map(({ member, hasCrashed = false }, at): Member => {
    const events = numbered[at] ?? new Int32Array(0);
    return { name: member, hasCrashed, events, deliveredAt: deliveriesOf(events, messages.length) };
  });
  return { members, messages };
}

function deliveriesOf(events: Int32Array, count: number): Int32Array {
  const deliveredAt = new Int32Array(count).fill(-1);
  for (const [place, event] of events.entries()) {
    if (event < 0 && deliveredAt[~event] === -1) deliveredAt[~event] = place;
  }
  return deliveredAt;
}
