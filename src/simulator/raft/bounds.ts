import { invariant } from "../../base/invariant.ts";
import type { RaftState } from "../../protocols/raft/index.ts";
import type { Progress } from "../../protocols/raft/leader/progress.ts";
import { bytesBetween, type RaftLog } from "../../protocols/raft/log/log.ts";

type State = Readonly<RaftState>;

/** One message or entry that reached a bound may go beyond it by so much. */
const slackBytes = 2000;

/** A member's own state is in order: its indexes, its log, and every queue within its maximum. */
export function checkBounds(id: string, state: State): void {
  orderOfIndexes(id, state);
  wellFormed(id, state.log);
  bounded(id, state);
  if (state.role !== "leader") return;
  for (const progress of state.leadership?.peers.values() ?? []) progressHolds(id, state, progress);
}

function orderOfIndexes(id: string, { delivery, commit, log }: State): void {
  invariant(delivery.applied <= delivery.delivered, "only what was delivered is applied");
  if (delivery.delivered > commit) invariant(false, `only what is committed is delivered: ${id}`);
  if (commit > log.last) invariant(false, `what is committed is in the log: ${id}`);
  if (delivery.delivered > log.durable) invariant(false, `only what is durable here is delivered: ${id}`);
}

/** The log's own invariant, as its docstring states it. */
function wellFormed(id: string, log: RaftLog): void {
  const { base, durable, last, tailFrom, tail, unsavedFrom, runs } = log;
  if (!(base.index <= durable && durable <= last)) invariant(false, `base ≤ durable ≤ last: ${id}`);
  if (!(base.index < tailFrom && tailFrom <= last + 1)) invariant(false, `base < tailFrom ≤ last + 1: ${id}`);
  if (tail.length !== last - tailFrom + 1) invariant(false, `the tail holds tailFrom … last: ${id}`);
  if (unsavedFrom !== last + 1) invariant(false, `after a step everything was handed to the disk: ${id}`);
  const isCovered = last === base.index ? runs.length === 0 : runs[0]?.index === base.index + 1;
  if (!isCovered) invariant(false, `runs begin behind the log's start: ${id} base ${base.index}`);
}

/** Every queue keeps to its maximum, give or take the one message that reached it. */
function bounded(id: string, { delivery, leadership, config, commit, log }: State): void {
  let sum = 0;
  for (const part of delivery.outstanding) sum += part.bytes;
  if (sum !== delivery.outstandingBytes) invariant(false, `delivered bytes are counted right: ${id}`);
  const most = config.deliveryBytesMax + config.appendBytesMax + slackBytes;
  if (sum > most) invariant(false, `delivery keeps to its window: ${id}`);
  if (leadership === undefined) return;
  const uncommitted = bytesBetween(log, Math.max(commit + 1, leadership.countedFrom), log.last);
  if (uncommitted !== leadership.uncommittedBytes) invariant(false, `uncommitted bytes are counted right: ${id}`);
}

/** What a leader believes of a follower is consistent. */
function progressHolds(id: string, { log, config }: State, progress: Progress): void {
  const { match, next, inflight, inflightBytes, mode, transfer } = progress;
  const of = () => `${id} of ${progress.id}`;
  if (!(match < next && next <= log.last + 1)) invariant(false, `match < next ≤ last + 1: ${of()}`);
  let sum = 0;
  for (const sent of inflight) sum += sent.bytes;
  if (sum !== inflightBytes) invariant(false, `bytes on their way are counted right: ${of()}`);
  const isWithin =
    sum <= config.inflightBytesMax + config.appendBytesMax + slackBytes &&
    inflight.length <= config.inflightCountMax + 1;
  if (!isWithin) invariant(false, `a follower's window holds: ${of()}`);
  if ((mode === "snapshot") !== (transfer !== undefined)) invariant(false, `a transfer runs in its mode: ${of()}`);
}
