import type { Bytes } from "../../../base/bytes.ts";
import type { Origin } from "../messages.ts";
import { add, type Holdings, remove } from "./holdings.ts";
import { common, type Ranges } from "./ranges.ts";

/** Payloads in hand: those that some member may lack, and of those that everyone has the latest. */
export interface Store {
  readonly payloads: Map<Origin, Map<number, Bytes>>;
  /** Their numbers. */
  readonly held: Holdings;
  /** Some member may lack these: they stay. */
  readonly unstable: Holdings;
  unstableBytes: number;
  /** Everyone had these; the oldest first. */
  readonly kept: { readonly origin: Origin; readonly number: number }[];
  keptBytes: number;
}

/** A payload costs so much besides its bytes: its object, and its place in two maps. */
const overheadBytes = 128;

/** Nothing in hand. */
export function newStore(): Store {
  return { payloads: new Map(), held: new Map(), unstable: new Map(), unstableBytes: 0, kept: [], keptBytes: 0 };
}

/** What a payload costs. */
export function costOf(payload: Bytes): number {
  return payload.length + overheadBytes;
}

/** A payload, while it is in hand. */
export function payloadOf(store: Store, origin: Origin, number: number): Bytes | undefined {
  return store.payloads.get(origin)?.get(number);
}

/** Takes in payloads that some member may lack. */
export function hold(store: Store, origin: Origin, first: number, payloads: readonly Bytes[]): void {
  let held = store.payloads.get(origin);
  if (held === undefined) {
    held = new Map();
    store.payloads.set(origin, held);
  }
  for (const [at, payload] of payloads.entries()) {
    held.set(first + at, payload);
    store.unstableBytes += costOf(payload);
  }
  const ranges: Ranges = [[first, first + payloads.length - 1]];
  add(store.held, origin, ranges);
  add(store.unstable, origin, ranges);
}

/** Everyone has these: they may go, the oldest first, once they take more than `keptBytesMax`. Returns their cost. */
export function settle(store: Store, origin: Origin, ranges: Ranges, keptBytesMax: number): number {
  let cost = 0;
  for (const [first, last] of common(store.unstable.get(origin) ?? [], ranges)) {
    for (let number = first; number <= last; number++) {
      cost += costOf(payloadOf(store, origin, number) as Bytes); // unstable ones are in hand
      store.kept.push({ origin, number });
    }
  }
  remove(store.unstable, origin, ranges);
  store.unstableBytes -= cost;
  store.keptBytes += cost;
  if (store.keptBytes > keptBytesMax) forget(store, keptBytesMax - (keptBytesMax >> 3));
  return cost;
}

/** A little more than has to go goes at once, so that the list is not cut for each. */
function forget(store: Store, bytesMax: number): void {
  let count = 0;
  for (const { origin, number } of store.kept) {
    if (store.keptBytes <= bytesMax) break;
    const held = store.payloads.get(origin);
    store.keptBytes -= costOf(held?.get(number) as Bytes);
    held?.delete(number);
    if (held?.size === 0) store.payloads.delete(origin);
    remove(store.held, origin, [[number, number]]);
    count++;
  }
  store.kept.splice(0, count);
}
