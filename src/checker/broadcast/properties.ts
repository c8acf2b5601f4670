import type { Logs, Member, Message } from "./logs.ts";

/** Finds the first place where a property does not hold, and says what is wrong there. */
export type Property = (logs: Logs) => string | undefined;

/** A member that has not crashed delivers what it broadcast. */
export const validity: Property = ({ members, messages }) => {
  for (const { name, hasCrashed, events, deliveredAt } of members) {
    if (hasCrashed) continue;
    const lost = events.find((event) => event >= 0 && deliveredAt[event] === -1);
    if (lost !== undefined) return `${name} broadcast ${nameOf(messages, lost)} and never delivered it itself`;
  }
  return undefined;
};

/** What one member delivers, even one that crashed, every member that has not crashed delivers. */
export const agreement: Property = ({ members, messages }) => {
  for (const { name, events } of members) {
    for (const event of events) {
      if (event >= 0) continue;
      const other = members.find(({ hasCrashed, deliveredAt }) => !hasCrashed && deliveredAt[~event] === -1);
      if (other !== undefined) return `${name} delivered ${nameOf(messages, ~event)}, and ${other.name} never did`;
    }
  }
  return undefined;
};

/** Each member delivers a message at most once, and only one that was broadcast; its sender not before that. */
export const integrity: Property = ({ members, messages }) => {
  for (const [number, { name, events, deliveredAt }] of members.entries()) {
    let sent = 0;
    for (const [place, event] of events.entries()) {
      if (event >= 0) {
        sent++;
        continue;
      }
      const message = messages[~event];
      if (message === undefined || message.sender < 0) {
        return `${name} delivered ${nameOf(messages, ~event)}, which nobody broadcast`;
      }
      if (deliveredAt[~event] !== place) return `${name} delivered ${message.name} twice`;
      if (message.sender === number && message.sequence >= sent) {
        return `${name} delivered ${message.name} before it broadcast it`;
      }
    }
  }
  return undefined;
};

/** Two messages that two members deliver come in the same order on both. */
export const totalOrder: Property = ({ members, messages }) => {
  for (const [number, left] of members.entries()) {
    for (const right of members.slice(number + 1)) {
      const [before, after] = disagreement(left, right) ?? [];
      if (before === undefined || after === undefined) continue;
      const [x, y] = [nameOf(messages, before), nameOf(messages, after)];
      return `${left.name} delivered ${x} before ${y}, and ${right.name} delivered ${y} before ${x}`;
    }
  }
  return undefined;
};

/** Two messages that `left` delivers in this order and `right` in the other one. */
function disagreement(left: Member, right: Member): readonly [number, number] | undefined {
  let latest = -1;
  let latestAt = -1;
  for (const [place, event] of left.events.entries()) {
    const at = event < 0 ? (right.deliveredAt[~event] ?? -1) : -1;
    if (at < 0 || left.deliveredAt[~event] !== place) continue; // only one delivers it, or not for the first time
    if (at < latestAt) return [latest, ~event];
    latest = ~event;
    latestAt = at;
  }
  return undefined;
}

/** Messages of one sender are delivered in the order in which it broadcast them, without gaps. */
export const fifoOrder: Property = ({ members, messages }) => {
  const bySender = members.map(({ events }) => events.filter((event) => event >= 0));
  for (const { name, events, deliveredAt } of members) {
    const counts = new Int32Array(members.length);
    for (const [place, event] of events.entries()) {
      const message = event < 0 ? messages[~event] : undefined;
      if (message === undefined || message.sender < 0 || deliveredAt[~event] !== place) continue;
      const count = counts[message.sender] ?? 0;
      const missing = bySender[message.sender]?.[count];
      if (message.sequence !== count && missing !== undefined) {
        const sender = members[message.sender]?.name;
        return `${name} delivered ${message.name} without ${nameOf(messages, missing)}, which ${sender} broadcast before`;
      }
      counts[message.sender] = count + 1;
    }
  }
  return undefined;
};

/** The name of a message, for people. */
export function nameOf(messages: readonly Message[], number: number): string {
  return messages[number]?.name ?? String(number);
}
