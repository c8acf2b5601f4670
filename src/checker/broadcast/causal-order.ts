import type { Logs } from "./logs.ts";
import { nameOf, type Property } from "./properties.ts";

/**
 * A message is delivered only after all that its sender had broadcast or delivered before it, and all that came before
 * those in the same way.
 */
export const causalOrder: Property = (logs) => new CausalWalk(logs).run();

/** Follows all logs at once, each event after those that it depends on, with vector clocks. */
class CausalWalk {
  readonly #logs: Logs;
  readonly #bySender: readonly Int32Array[];
  /** For each message that has been broadcast, how many messages of each sender come before it. */
  readonly #before: (Int32Array | undefined)[];
  /** For each member, how many messages of each sender come before what it does next. */
  readonly #known: readonly Int32Array[];
  /** For each member, how many messages of each sender it has delivered without a gap. */
  readonly #delivered: readonly Int32Array[];
  readonly #places: Int32Array;
  readonly #waiting = new Map<number, number[]>();

  constructor(logs: Logs) {
    const { members, messages } = logs;
    this.#logs = logs;
    this.#bySender = members.map(({ events }) => events.filter((event) => event >= 0));
    this.#before = new Array(messages.length);
    this.#known = members.map(() => new Int32Array(members.length));
    this.#delivered = members.map(() => new Int32Array(members.length));
    this.#places = new Int32Array(members.length);
  }

  run(): string | undefined {
    const { members, messages } = this.#logs;
    const ready = [...members.keys()].reverse();
    for (let member = ready.pop(); member !== undefined; member = ready.pop()) {
      const fault = this.#follow(member, ready);
      if (fault !== undefined) return fault;
    }
    for (const [message, [member = 0]] of this.#waiting) {
      return `${members[member]?.name} delivered ${nameOf(messages, message)} before it can have been broadcast`;
    }
    return undefined;
  }

  /** Follows one log until it ends, or until it delivers what has not been broadcast yet. */
  #follow(member: number, ready: number[]): string | undefined {
    const { members, messages } = this.#logs;
    const { events = new Int32Array(0), deliveredAt = events } = members[member] ?? {};
    const known = this.#known[member] ?? events;
    for (let place = this.#places[member] ?? 0; place < events.length; place++) {
      const event = events[place] ?? 0;
      const number = event < 0 ? ~event : event;
      const { sender = -1, sequence = 0 } = messages[number] ?? {};
      if (event >= 0) {
        this.#before[number] = known.slice();
        known[member] = sequence + 1;
        ready.push(...(this.#waiting.get(number) ?? []));
        this.#waiting.delete(number);
        continue;
      }
      if (sender < 0 || deliveredAt[number] !== place) continue; // not a matter of order
      const before = this.#before[number];
      if (before === undefined) {
        this.#places[member] = place;
        this.#waiting.set(number, [...(this.#waiting.get(number) ?? []), member]);
        return undefined;
      }
      const fault = this.#deliver(member, number, before);
      if (fault !== undefined) return fault;
      for (const [at, count] of before.entries()) if (count > (known[at] ?? 0)) known[at] = count;
      known[sender] = Math.max(known[sender] ?? 0, sequence + 1);
    }
    this.#places[member] = events.length;
    return undefined;
  }

  #deliver(member: number, number: number, before: Int32Array): string | undefined {
    const { members, messages } = this.#logs;
    const delivered = this.#delivered[member] ?? before;
    const { name = "", deliveredAt = before } = members[member] ?? {};
    const behind = before.findIndex((count, sender) => (delivered[sender] ?? 0) < count);
    if (behind >= 0) {
      const missing = nameOf(messages, this.#bySender[behind]?.[delivered[behind] ?? 0] ?? -1);
      const later = nameOf(messages, number);
      return `${name} delivered ${later} without ${missing}, which its sender knew of when it broadcast ${later}`;
    }
    const { sender = 0 } = messages[number] ?? {};
    const place = deliveredAt[number] ?? 0;
    let count = delivered[sender] ?? 0;
    for (;;) {
      const at = deliveredAt[this.#bySender[sender]?.[count] ?? -1] ?? -1;
      if (at < 0 || at > place) break;
      count++;
    }
    delivered[sender] = count;
    return undefined;
  }
}
