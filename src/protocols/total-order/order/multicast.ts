import type { Bytes } from "../../../base/bytes.ts";
import type { Refusal } from "../messages.ts";
import { windowBytesOf } from "../options.ts";
import { isWedged, self, stableOf, type TotalOrderOutbox, type TotalOrderState } from "../state.ts";
import { tellAll } from "../telling.ts";
import { end } from "../view/ending.ts";
import { frameBytes, keep, payloadBytes, receiveHeld } from "./links.ts";

/** Takes a message of the owner's into the backlog, or refuses it. */
export function multicast(state: TotalOrderState, id: number, payload: Bytes, out: TotalOrderOutbox): void {
  const reason = hindrance(state, payload);
  if (reason !== undefined) return out.output({ kind: "refused", id, reason });
  state.backlog.push({ id, payload });
  state.backlogBytes += payloadBytes(payload);
}

function hindrance(state: TotalOrderState, payload: Bytes): Refusal | undefined {
  const { phase, leavingTicks, backlog, backlogBytes, config } = state;
  if (phase === "ended") return "ended";
  if (leavingTicks !== undefined) return "leaving";
  if (payload.length > config.payloadBytesMax) return "too-large";
  const bytes = backlogBytes + payloadBytes(payload);
  if (backlog.length >= config.backlogMax || bytes > config.backlogBytesMax) return "backlog-full";
  return undefined;
}

/**
 * Sends what waits in the backlog, if it may be sent now (L1); says whether anything was.
 *
 * One request leaves at once when all is quiet; under load frames fill up while earlier ones are on their way.
 */
export function sendFrame(state: TotalOrderState, out: TotalOrderOutbox): boolean {
  if (!maySend(state)) return false;
  const me = self(state);
  const batch = nextBatch(state);
  state.backlog.splice(0, batch.length);
  const payloads = batch.map(({ payload }) => payload);
  const number = me.received + 1;
  const frame = { number, timestamp: ++state.clock, payloads };
  state.backlogBytes -= frameBytes(frame);
  state.framed.set(
    number,
    batch.map(({ id }) => id),
  );
  keep(me, frame);
  receiveHeld(state, state.me);
  tellAll(state, frame, out);
  return true;
}

function maySend(state: TotalOrderState): boolean {
  const { backlog, backlogBytes, config, restored, phase, peers } = state;
  if (phase !== "member" || !restored || backlog.length === 0 || isWedged(state)) return false;
  const me = self(state);
  const settled = Math.min(me.delivered, stableOf(state, state.me));
  if (me.received >= settled + config.windowFrames) return false;
  const isFull = backlogBytes >= config.frameBytesMax;
  if (me.received - me.delivered >= config.pipeline && !isFull) return false;
  const next = Math.max(config.frameBytesMax, payloadBytes(backlog[0]?.payload ?? new Uint8Array()));
  return me.bytes === 0 || me.bytes + next <= windowBytesOf(config, peers.length);
}

/** As many as fit into a frame; the first in any case. */
function nextBatch({ backlog, config }: TotalOrderState): TotalOrderState["backlog"] {
  let bytes = 0;
  let count = 0;
  for (const { payload } of backlog) {
    bytes += payloadBytes(payload);
    if (count > 0 && bytes > config.frameBytesMax) break;
    count++;
  }
  return backlog.slice(0, count);
}

/** Tells the others once nothing of ours is left to deliver (V12); who waits too long goes without their consent. */
export function tickLeaving(state: TotalOrderState, out: TotalOrderOutbox): void {
  if (state.leavingTicks === undefined) return;
  if (++state.leavingTicks >= state.config.leaveTicks) end(state, { kind: "left" }, out);
}
