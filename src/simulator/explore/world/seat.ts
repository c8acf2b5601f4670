import { copyPlain } from "../../../base/copy.ts";
import type { NodeId } from "../../../base/ids.ts";
import { unreachable } from "../../../base/invariant.ts";
import type { Input } from "../../../protocols/core.ts";
import { Gate, type GateState } from "../../../protocols/outbox.ts";
import type { Alarm, Explorable, Moment, Terms } from "../explorable.ts";

/** A member between two steps: its core, its gate and its disk. Never changed, so that worlds share it. */
export interface Seat<T extends Terms> {
  readonly id: NodeId;
  readonly state: Readonly<T["state"]>;
  readonly gate: GateState<T>;
  readonly durable: readonly T["record"][];
  /** What a restart would make of the durable records. */
  readonly disk: Readonly<T["state"]>;
  /** Records on their way to the disk. */
  readonly pending: readonly T["record"][];
  /** How many times it has started. */
  readonly life: number;
}

/** What happens to a member in one step. */
export type Occasion<T extends Terms> =
  | { readonly kind: "deliver"; readonly from: NodeId; readonly message: T["message"] }
  | { readonly kind: "request"; readonly request: T["request"] }
  /** The oldest `count` of the records on their way become durable. */
  | { readonly kind: "persist"; readonly count: number }
  /** The process dies and starts again; the oldest `count` of the records on their way are found on the disk. */
  | { readonly kind: "crash"; readonly count: number }
  | { readonly kind: "alarm"; readonly alarm: Pick<Alarm<T>, "ring" | "words"> };

/** A member's next seat, and what came of its step. */
export interface Result<T extends Terms> {
  readonly seat: Seat<T>;
  readonly moment: Moment<T>;
}

/** A member that starts from what is on its disk. */
export function newSeat<T extends Terms>(
  explorable: Explorable<T>,
  id: NodeId,
  durable: readonly T["record"][],
  life: number,
): Seat<T> {
  const core = explorable.start(id, durable, life);
  const state = core.inspect();
  explorable.calm(state);
  const disk = recover(explorable, id, durable, life);
  return { id, state, gate: new Gate(core).inspect(), durable, disk, pending: [], life };
}

/** What a restart would make of records now. */
function recover<T extends Terms>(
  explorable: Explorable<T>,
  id: NodeId,
  durable: readonly T["record"][],
  life: number,
): T["state"] {
  const state = explorable.start(id, durable, life + 1).inspect();
  explorable.calm(state);
  return state;
}

/** All of a seat that can matter later. */
export function seatEssence<T extends Terms>(explorable: Explorable<T>, seat: Seat<T>): unknown {
  const { id, state, gate, disk, pending, life } = seat;
  return [id, life, explorable.essence(state), heldEssence(gate), pending, explorable.essence(disk)];
}

/** What is held for one receiver keeps its order; which receiver is served first has no meaning. */
function heldEssence<T extends Terms>({ held, durableCount }: GateState<T>): unknown {
  const queues = new Map<NodeId, unknown[]>();
  for (const { after, to, message } of held) {
    const queue = queues.get(to) ?? [];
    queue.push([Math.max(0, after - durableCount), message]);
    queues.set(to, queue);
  }
  return queues;
}

/** One step of the production core behind the production gate, on a copy. Throws what they throw. */
export function stepSeat<T extends Terms>(explorable: Explorable<T>, seat: Seat<T>, occasion: Occasion<T>): Result<T> {
  return occasion.kind === "crash" ? crash(explorable, seat, occasion.count) : live(explorable, seat, occasion);
}

function crash<T extends Terms>(explorable: Explorable<T>, seat: Seat<T>, count: number): Result<T> {
  const stored = seat.pending.slice(0, count);
  const durable = [...seat.durable, ...stored];
  const next = newSeat(explorable, seat.id, durable, seat.life + 1);
  const { id, state: before } = seat;
  const nothing = { request: undefined, received: undefined, sent: [], outputs: [] };
  return { seat: next, moment: { id, before, after: next.state, stored, ...nothing } };
}

function live<T extends Terms>(
  explorable: Explorable<T>,
  seat: Seat<T>,
  occasion: Exclude<Occasion<T>, { kind: "crash" }>,
): Result<T> {
  const { id, state: before, life } = seat;
  const core = explorable.resume(copyPlain(before));
  const gate = new Gate<T>(core, seat.gate);
  const sent: { to: NodeId; message: T["message"] }[] = [];
  const outputs: T["output"][] = [];
  const asked: T["record"][] = [];
  const take = (input: Input<T>): void =>
    gate.step([input], 0, {
      send: (to, message) => sent.push({ to, message }),
      persist: (records) => asked.push(...records),
      output: (output) => outputs.push(output),
    });
  if (occasion.kind === "alarm") occasion.alarm.ring(core, take);
  else take(inputOf(seat, occasion));
  const state = core.inspect();
  explorable.calm(state);
  const count = occasion.kind === "persist" ? occasion.count : 0;
  const stored = seat.pending.slice(0, count);
  const durable = count === 0 ? seat.durable : [...seat.durable, ...stored];
  const disk = count === 0 ? seat.disk : recover(explorable, id, durable, life);
  const pending = [...seat.pending.slice(count), ...asked];
  const request = occasion.kind === "request" ? occasion.request : undefined;
  const received = occasion.kind === "deliver" ? { from: occasion.from, message: occasion.message } : undefined;
  return {
    seat: { id, state, gate: gate.inspect(), durable, disk, pending, life },
    moment: { id, before, after: state, request, received, sent, outputs, stored },
  };
}

function inputOf<T extends Terms>(
  { gate }: Seat<T>,
  occasion: Exclude<Occasion<T>, { kind: "crash" | "alarm" }>,
): Input<T> {
  switch (occasion.kind) {
    case "deliver":
      return { kind: "receive", from: occasion.from, message: occasion.message };
    case "request":
      return { kind: "request", request: occasion.request };
    case "persist":
      return { kind: "persisted", count: gate.durableCount + occasion.count };
    default:
      return unreachable(occasion);
  }
}
