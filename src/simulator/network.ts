import { invariant } from "../base/invariant.ts";
import { nextBelow, type Random } from "../base/random.ts";
import type { EventQueue } from "./event-queue.ts";
import type { World } from "./plans/plan.ts";

/** Most members that a run may ever have, those replaced included. */
const membersMax = 64;

/** The parts of the spread that a delay takes, in per cent, each as likely: no logarithms, so no engine differs. */
const shapes: Readonly<Record<World["delays"], readonly number[]>> = {
  even: [0, 7, 13, 20, 27, 33, 40, 47, 53, 60, 67, 73, 80, 87, 93, 100],
  bell: [0, 20, 30, 36, 41, 45, 48, 50, 50, 52, 55, 59, 64, 70, 80, 100],
  tail: [0, 0, 1, 1, 2, 2, 3, 4, 5, 7, 9, 12, 17, 28, 50, 100],
};

/** One direction of a link. */
interface Link {
  isCut: boolean;
  /** What is sent waits here instead of arriving. */
  isClogged: boolean;
  held: (() => void)[];
  slowMs: number;
  /** When the last one arrives, where order is kept. */
  lastAt: number;
}

/** The ways between members: what is sent arrives late, twice, in another order, or not at all. */
export class Network {
  world: World;
  readonly #queue: EventQueue;
  readonly #random: Random;
  readonly #links: Link[] = [];

  constructor(world: World, queue: EventQueue, random: Random) {
    this.world = world;
    this.#queue = queue;
    this.#random = random;
  }

  #link(from: number, to: number): Link {
    invariant(from < membersMax && to < membersMax, "a run has no more members than it may");
    const place = from * membersMax + to;
    this.#links[place] ??= { isCut: false, isClogged: false, held: [], slowMs: 0, lastAt: 0 };
    return this.#links[place];
  }

  /** Lets `arrive` happen as often and as late as the world has it; returns how many copies are on their way. */
  send(from: number, to: number, arrive: () => void): number {
    const { loss, repeat } = this.world;
    let copies = repeat > 0 && nextBelow(this.#random, 1000) < repeat ? 2 : 1;
    if (loss > 0) for (let left = copies; left > 0; left--) if (nextBelow(this.#random, 1000) < loss) copies--;
    const link = this.#link(from, to);
    for (let copy = 0; copy < copies; copy++) this.#deliver(link, arrive);
    return copies;
  }

  #deliver(link: Link, arrive: () => void): void {
    const now = this.#queue.now;
    let at = now + this.#delay() + link.slowMs;
    if (this.world.isOrdered) {
      at = Math.max(at, link.lastAt);
      link.lastAt = at;
    }
    this.#queue.after(at - now, () => {
      if (link.isCut) return;
      if (link.isClogged) link.held.push(arrive);
      else arrive();
    });
  }

  #delay(): number {
    const [least, most] = this.world.delayMs;
    const part = shapes[this.world.delays][nextBelow(this.#random, 16)] as number;
    return least + Math.floor((part * (most - least)) / 100);
  }

  /** What is on its way, and what is sent later, does not arrive. */
  cut(from: number, to: number): void {
    this.#link(from, to).isCut = true;
  }

  join(from: number, to: number): void {
    this.#link(from, to).isCut = false;
  }

  isCut(from: number, to: number): boolean {
    return this.#link(from, to).isCut;
  }

  slow(from: number, to: number, ms: number): void {
    this.#link(from, to).slowMs = ms;
  }

  clog(from: number, to: number): void {
    this.#link(from, to).isClogged = true;
  }

  /** What was held back arrives at once, in the order in which it would have. */
  unclog(from: number, to: number): void {
    const link = this.#link(from, to);
    const { held } = link;
    link.isClogged = false;
    link.held = [];
    for (const arrive of held) this.#queue.after(0, arrive);
  }

  /** Every link works again; what was held back arrives. */
  heal(): void {
    for (const [place, link] of this.#links.entries()) {
      if (link === undefined) continue;
      link.isCut = false;
      link.slowMs = 0;
      if (link.isClogged) this.unclog(Math.floor(place / membersMax), place % membersMax);
    }
  }
}
