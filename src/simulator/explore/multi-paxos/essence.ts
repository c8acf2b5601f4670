import type { PaxosState } from "../../../protocols/multi-paxos/index.ts";
import type { Leadership } from "../../../protocols/multi-paxos/state.ts";

type State = Readonly<PaxosState>;

/**
 * All of a state that can matter later.
 *
 * Left out are settings, clocks and chance, which are the same for all; whom it hears, which is everyone; what can be
 * computed from the rest; votes of places that are ordered; and what is planned for places that are proposed. Records
 * are only ever compared with how many are durable, so they count from there.
 */
export function paxosEssence(state: State): unknown {
  const {
    config: _,
    random: __,
    clock: ___,
    contacts: ____,
    life: _____,
    due: ______,
    known: _______,
    ...rest
  } = state;
  const { disk, history, facts, configuration, promised, leadership, delivery, pending } = state;
  const since = (record: number): number => Math.max(0, record - disk.durable);
  const { restoring } = delivery;
  return {
    ...rest,
    configuration: configuration?.epoch,
    membership: undefined,
    history: [history.floor, history.aru, history.tailFrom, placesOf(state, since)],
    facts: [facts.through, facts.configurations.map(({ epoch, start }) => [epoch, start]), clientsOf(state)],
    promised: [promised.view, since(promised.record)],
    leadership: leadership && leadershipEssence(state, leadership, since),
    pending: [pending.first, pending.head, pending.items],
    disk: [since(disk.asked), Math.min(disk.hinted, history.aru)],
    delivery: [delivery.delivered, delivery.want, restoring && [restoring.snapshot, since(restoring.record)]],
  };
}

function placesOf({ history, configuration, lastInstalled }: State, since: (record: number) => number): unknown[] {
  return history.slots.map((slot) => {
    if (slot === undefined) return undefined;
    const { view, update, isOrdered, votes, record } = slot;
    const name = [update.kind, update.client, update.timestamp, update.term, update.payload];
    if (isOrdered) return [name, since(record)];
    const isOpen = view === lastInstalled && votes !== 0;
    const voters = isOpen ? (configuration?.members.filter((_, place) => (votes & (1 << place)) !== 0) ?? []) : [];
    return [name, since(record), view, new Set(voters.map(({ id }) => id))];
  });
}

/** What is queued of them is known to leaders alone. */
function clientsOf({ facts, leadership }: State): unknown {
  const clients = [...facts.clients].map(([id, { next, above, queuedNext, queued }]) => {
    return [id, [next, above, leadership && [queuedNext, queued]]] as const;
  });
  return new Map(clients);
}

function leadershipEssence(
  { history }: State,
  { progress, plan, planTop, lastProposed, ownRuns, queue, senders, queueFrom, ...rest }: Leadership,
  since: (record: number) => number,
): unknown {
  const settled = Math.max(lastProposed, history.aru);
  const { queueBytes: _, movedAt: __, repeatedAt: ___, ownBit: ____, ...others } = rest;
  return {
    ...others,
    progress: new Map(
      [...progress].map(([id, { round, toldOrdered, awaited }]) => [id, [round, toldOrdered, awaited]]),
    ),
    plan: [...plan].filter(([seq]) => seq > settled),
    planTop: planTop > history.aru ? planTop : 0,
    lastProposed: settled,
    ownRuns: ownRuns.map(({ record, first, last }) => [since(record), first, last]),
    queue: [queue.slice(queueFrom), senders.slice(queueFrom)],
  };
}
