import { newRandom } from "../../../base/random.ts";
import type { Core, Input } from "../../../protocols/core.ts";
import { takeCredit } from "../../../protocols/delivery-window.ts";
import type { PaxosMessage, PaxosOptions, PaxosState, PaxosVocabulary } from "../../../protocols/multi-paxos/index.ts";
import { attemptOf, nextViewOf } from "../../../protocols/multi-paxos/membership/configurations.ts";
import { epochNow, votes } from "../../../protocols/multi-paxos/state.ts";
import { unlimited } from "../budget.ts";
import type { Alarm } from "../explorable.ts";
import type { PaxosLimits } from "./limits.ts";
import type { PaxosTerms } from "./terms.ts";

type State = Readonly<PaxosState>;
type PaxosCore = Core<PaxosVocabulary, PaxosState>;
type PaxosAlarm = Alarm<PaxosTerms>;
type Ticks = Extract<keyof PaxosOptions, `${string}Ticks`>;

/** What comes at every so many ticks comes with the steps made for it alone. */
export const timing: Readonly<Record<Ticks, number>> = {
  ...{ progressTicks: 1000, heartbeatTicks: 10, proofTicks: 7, staggerTicks: 3, retransmitTicks: 5, updateTicks: 15 },
  reconcileTicks: 3,
};

/** Nothing comes with the tick after this one. */
const quietClock = 1;
/** Never, and always: clocks are compared with these. */
const never = Number.POSITIVE_INFINITY;
const longAgo = Number.NEGATIVE_INFINITY;
/** More than anybody ever orders: whether others have more is not looked at before they are asked. */
const farSeq = 2 ** 40;
/** Whom nobody waits for. */
const nobody = "";

/** Chance draws how long to wait, and whom to ask; both are explored. */
const stillRandom = newRandom(1);

/**
 * Nobody has waited for anything yet, all hear each other, and the owner has taken in what it was given.
 *
 * Others may have more: that is found by asking them, which is a step of its own, and never done otherwise.
 */
export function calmPaxos(state: PaxosState, ids: readonly string[], { proofs, runBytesMax }: PaxosLimits): void {
  const { leadership, pending, asked, wants, handedOver, delivery, disk, config } = state;
  Object.assign(state.random, stillRandom);
  state.clock = quietClock;
  if (state.progressAt !== undefined) state.progressAt = never;
  state.attemptAt = never;
  state.retransmitAt = never;
  state.patience = 1;
  state.installedAt = 0;
  if (state.leaderHeardAt !== undefined) state.leaderHeardAt = never;
  state.behindSince = undefined;
  state.known = { seq: farSeq, by: undefined };
  state.reconciling = { peer: state.reconciling?.peer ?? nobody, until: never };
  state.contacts.clear();
  for (const id of ids) {
    const toldUntil = proofs > 0 ? 0 : never;
    if (id !== config.id) state.contacts.set(id, { heardAt: never, hearsUs: true, aru: farSeq, toldUntil });
  }
  if (runBytesMax > 1) state.builds = 0; // answers of one part need no names
  disk.stuckTicks = 0;
  takeCredit(delivery, delivery.delivered);
  for (const each of pending.items) if (each !== undefined) Object.assign(each, { sentAt: never, tries: 1 });
  for (const question of [...asked.values(), ...wants.values()]) question.ticks = 0;
  if (handedOver !== undefined) handedOver.ticks = 0;
  if (leadership === undefined) return;
  leadership.movedAt = never;
  leadership.repeatedAt = never;
  leadership.waitingTicks = 0;
  for (const round of leadership.rounds) round.ticks = 0;
  if (leadership.handover !== undefined) leadership.handover.ticks = 0;
  for (const peer of leadership.progress.values())
    Object.assign(peer, { ackedAt: never, inflight: [], inflightBytes: 0 });
}

/** All that time brings. */
export function alarmsOf(limits: PaxosLimits, ids: readonly string[]): readonly PaxosAlarm[] {
  const questions = { countMax: limits.questions };
  return [
    ...(limits.elections === "free" ? [standing(limits)] : asking(limits)),
    { budget: { countMax: limits.heartbeats }, ...heartbeat },
    { budget: { countMax: limits.repeats }, ...repeat },
    { budget: { countMax: limits.proofs }, ...proof },
    { budget: { countMax: limits.snapshots }, ...snapshot },
    ...ids.map((id): PaxosAlarm => ({ budget: questions, ...questionTo(id) })),
  ];
}

/** The alarm that makes the first member lead before exploration begins. */
export function openingOf(limits: PaxosLimits): PaxosAlarm {
  return standing(limits);
}

/** The next view that this member may lead, if there is one within bounds. */
function nextView({ configuration, config, lastInstalled, lastAttempted, promised }: State, viewsMax: number): number {
  if (configuration === undefined) return 0;
  const view = nextViewOf(configuration, Math.max(lastInstalled, lastAttempted, promised.view), config.id);
  return attemptOf(view) <= viewsMax ? view : 0;
}

function mayStand(state: State, views: number): boolean {
  return votes(state) && nextView(state, views) > 0;
}

/** A member prepares its next view at once, as if a quorum wanted it: who says so is not bound by it. */
function standing({ views }: PaxosLimits): PaxosAlarm {
  return {
    budget: unlimited, // views limit it
    mayRing: (state) => mayStand(state, views),
    ring: (core, take) => {
      const state = core.inspect() as PaxosState; // clocks are the explorer's to set
      if (state.role !== "election" || state.progressAt !== undefined) giveUp(core, take);
      const { configuration, config, history } = state;
      const attempted = nextView(state, views);
      state.lastAttempted = attempted;
      state.viewChanges = new Set([config.id]);
      const message: PaxosMessage = {
        ...{ kind: "viewChange", attempted, heard: [config.id], epoch: epochNow(state), aru: history.aru },
      };
      for (const { id } of configuration?.members ?? []) {
        if (id !== config.id && state.role === "election") take({ kind: "receive", from: id, message });
      }
      if (state.role === "election") {
        state.attemptAt = 0;
        take({ kind: "tick" }); // a voter alone
      }
    },
    words: (id) => `${id} is wanted as leader`,
  };
}

/** Asks for views by View_Change: patience ends, and some time later the member attempts a view of its own. */
function asking({ views, timeouts }: PaxosLimits): PaxosAlarm[] {
  return [
    {
      budget: { countMax: timeouts },
      mayRing: (state) => votes(state) && (state.role !== "election" || state.progressAt !== undefined),
      ring: giveUp,
      words: (id) => `${id}'s patience ends`,
    },
    {
      budget: unlimited, // views limit it
      mayRing: (state) => state.role === "election" && state.progressAt === undefined && mayStand(state, views),
      ring: timed((state) => {
        state.attemptAt = 0;
      }),
      words: (id) => `${id} attempts a view of its own`,
    },
  ];
}

/** The Progress_Timer expires, or a leader is acknowledged by nobody any more. */
function giveUp(core: PaxosCore, take: (input: Input<PaxosVocabulary>) => void): void {
  const state = core.inspect() as PaxosState;
  if (state.progressAt !== undefined) state.progressAt = longAgo;
  for (const peer of state.leadership?.progress.values() ?? []) peer.ackedAt = longAgo;
  take({ kind: "tick" });
}

/** One tick, with the clocks set so that something comes of it. */
function timed(set: (state: PaxosState) => void): PaxosAlarm["ring"] {
  return (core, take) => {
    set(core.inspect() as PaxosState);
    take({ kind: "tick" });
  };
}

const heartbeat: Omit<PaxosAlarm, "budget"> = {
  mayRing: ({ role }) => role === "leader",
  ring: timed((state) => {
    state.clock = timing.heartbeatTicks - 1;
  }),
  words: (id) => `${id} sends heartbeats`,
};

const repeat: Omit<PaxosAlarm, "budget"> = {
  mayRing: ({ role, pending, leadership, history }) =>
    role === "preparing" || pending.count > 0 || (leadership?.lastProposed ?? 0) > history.aru,
  ring: timed((state) => {
    const { clock, leadership, pending } = state;
    state.retransmitAt = 0;
    for (const each of pending.items) if (each !== undefined) each.sentAt = clock - timing.updateTicks;
    if (leadership === undefined) return;
    leadership.movedAt = clock - timing.retransmitTicks;
    leadership.repeatedAt = leadership.movedAt;
  }),
  words: (id) => `${id} repeats what was not answered`,
};

const proof: Omit<PaxosAlarm, "budget"> = {
  mayRing: ({ configuration }) => configuration !== undefined,
  ring: timed((state) => {
    state.clock = timing.proofTicks - 1;
  }),
  words: (id) => `${id} says which view it has installed`,
};

const snapshot: Omit<PaxosAlarm, "budget"> = {
  mayRing: ({ delivery, snapshot: newest }) => delivery.delivered > (newest?.index ?? 0),
  ring: (core, take) => {
    const { delivered: index } = core.inspect().delivery;
    take({ kind: "request", request: { kind: "snapshotTaken", snapshot: { index, term: 0, bytes: 1, checksum: 0 } } });
  },
  words: (id) => `${id}'s owner saves a snapshot`,
};

/** Asks one member for what is ordered, whether or not that member has more. */
function questionTo(peer: string): Omit<PaxosAlarm, "budget"> {
  return {
    mayRing: ({ config }) => config.id !== peer,
    ring: timed((state) => {
      state.behindSince = longAgo;
      state.reconciling = undefined;
      for (const [id, contact] of state.contacts) if (id !== peer) contact.heardAt = longAgo;
    }),
    words: (id) => `${id} asks ${peer} for what is ordered`,
  };
}
