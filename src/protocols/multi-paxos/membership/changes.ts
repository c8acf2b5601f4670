import { isNodeId } from "../../../base/ids.ts";
import { toUtf8 } from "../../../base/text.ts";
import { addressBytesMax } from "../../membership-codec.ts";
import { isListed, type LogRequest, type Member, type Reason } from "../../replicated-log.ts";
import { encodeChange, isChange } from "../codec/change-codec.ts";
import type { Update } from "../messages.ts";
import { enqueue } from "../order/proposing.ts";
import { type OwnChange, type PaxosOutbox, type PaxosState, refuse } from "../state.ts";
import { isHeard } from "../view/liveness.ts";

type Ask = Extract<LogRequest, { kind: "change" }>;

/** The owner wants other members (M3). They hold a pipeline window after the place of the change in the order. */
export function change(state: PaxosState, ask: Ask, out: PaxosOutbox): void {
  const reason = objection(state, ask);
  if (reason !== undefined) return refuse(state, ask.id, reason, out);
  const { leadership, config } = state;
  if (leadership === undefined) return;
  const members = ledBy(state, ask.members);
  const payload = encodeChange({ alpha: config.alpha, members, learners: ask.learners });
  const update: Update = { term: state.lastInstalled, kind: "members", payload, client: 0, timestamp: 0 };
  state.ownChange = { id: ask.id, term: state.lastInstalled, seq: 0 };
  enqueue(state, leadership, update, undefined);
}

/** Why this change cannot begin. */
function objection(state: PaxosState, ask: Ask): Reason | undefined {
  const { leadership, configuration, facts, history } = state;
  if (leadership === undefined || configuration === undefined) return "not-leader";
  if (!isWellFormed(state, ask)) return "invalid";
  const isSettled = history.aru >= leadership.planTop && facts.configurations.at(-1)?.epoch === configuration.epoch;
  if (!isSettled || state.ownChange !== undefined || leadership.handover !== undefined) return "changing";
  const areReady = ask.members.every(({ id }) => isListed(configuration.members, id) || mayVote(state, id));
  return areReady ? undefined : "behind";
}

function isWellFormed({ config }: PaxosState, { members, learners }: Ask): boolean {
  const areNamed = [...members, ...learners].every(
    ({ id, address }) => isNodeId(id) && toUtf8(address).length <= addressBytesMax,
  );
  return areNamed && isChange({ alpha: config.alpha, members, learners });
}

/** A learner that keeps up: with a new voter that lags, there might be no quorum that can order anything. */
function mayVote(state: PaxosState, id: Member["id"]): boolean {
  const { configuration, contacts, history, config } = state;
  if (configuration === undefined || !isListed(configuration.learners, id)) return false;
  return isHeard(state, id) && history.aru - (contacts.get(id)?.aru ?? 0) <= config.learnerLagMax;
}

/** The first leads the new epoch at once: this member if it stays, else the best of the others. */
function ledBy({ config, contacts }: PaxosState, members: readonly Member[]): readonly Member[] {
  const worth = ({ id }: Member) => (id === config.id ? Number.POSITIVE_INFINITY : (contacts.get(id)?.aru ?? -1));
  return members.toSorted((one, other) => worth(other) - worth(one));
}

/** What stands at the place of our own change: whether it is that one. */
export function settleChange(
  state: PaxosState,
  { id, term, seq }: OwnChange,
  update: Update,
  isInForce: boolean,
  out: PaxosOutbox,
): void {
  state.ownChange = undefined;
  if (update.kind !== "members" || update.term !== term) {
    out.output({ kind: "settled", id, outcome: "lost" });
    return;
  }
  out.output({ kind: "accepted", id, term, index: seq, count: 1 });
  if (isInForce) state.settling.push({ id, seq });
  else out.output({ kind: "settled", id, outcome: "unknown" });
}
