import type { Bytes } from "../base/bytes.ts";
import { invariant } from "../base/invariant.ts";
import { chance, forkRandom, newRandom, nextBelow, nextUint32, type Random } from "../base/random.ts";
import type { Input, Vocabulary } from "../protocols/core.ts";
import type { Effects } from "../protocols/outbox.ts";
import { Clock } from "./clock.ts";
import { Disk } from "./disk.ts";
import { EventQueue } from "./event-queue.ts";
import { Member } from "./member.ts";
import { Network } from "./network.ts";
import type { MemberPlan, Target, World } from "./plans/plan.ts";
import type { Owner, Protocol, Watch } from "./protocol.ts";
import { Trace } from "./trace.ts";

/** How finely `until` looks, in ms. */
const lookMs = 5;

/** What a cluster is made of. */
export interface ClusterParts<V extends Vocabulary, State> {
  readonly protocol: Protocol<V, State>;
  readonly members: readonly MemberPlan[];
  readonly world: World;
  readonly seed: number;
  readonly watch: Watch<V, State>;
  /** The owner of a member that starts. */
  readonly owner: (member: Member<V, State>, state: Readonly<State>) => Owner<V>;
  readonly trace?: Trace;
}

/**
 * A group of members in one thread, where time, network, disks and faults follow from a seed.
 *
 * They run the production cores behind the production gate; what is stored and sent goes through the codecs.
 */
export class Cluster<V extends Vocabulary, State> {
  readonly queue: EventQueue = new EventQueue();
  readonly network: Network;
  readonly trace: Trace;
  readonly counts: Record<"steps" | "messages" | "delivered", number> = { steps: 0, messages: 0, delivered: 0 };
  /** Everyone who ever took part, in order of their slots. */
  readonly members: Member<V, State>[] = [];
  readonly #parts: ClusterParts<V, State>;
  readonly #random: Random;
  readonly #byId = new Map<string, Member<V, State>>();
  readonly #effects = new Map<string, Effects<V>>();
  #world: World;
  #outputs: V["output"][] = [];
  #isStepping = false;
  /** Some member spoke another version at some time. */
  #isMixed = false;
  #encoded: { readonly message: V["message"]; readonly bytes: Bytes } | undefined;
  #awaited: Promise<void>[] = [];

  constructor(parts: ClusterParts<V, State>) {
    this.#parts = parts;
    this.#random = newRandom(parts.seed);
    this.#world = parts.world;
    this.trace = parts.trace ?? new Trace();
    this.network = new Network(parts.world, this.queue, forkRandom(this.#random));
    for (const plan of parts.members) this.add(plan);
  }

  /** A new machine with an empty disk, which is not started yet. */
  add(plan: MemberPlan): Member<V, State> {
    invariant(!this.#byId.has(plan.id), `${plan.id} is a new name`);
    const disk = new Disk<V>(this.#parts.protocol.emptyStore(), {
      queue: this.queue,
      random: forkRandom(this.#random),
      speed: () => this.#world.diskMs,
      events: {
        persisted: (count) => this.arrive(member, member.persisted(count)),
        full: (isFull) => member.process?.owner.diskFull?.(isFull),
      },
    });
    const member = new Member<V, State>(plan, this.members.length, disk, new Clock(plan.clock));
    this.members.push(member);
    this.#byId.set(plan.id, member);
    this.#effects.set(plan.id, this.#effectsOf(member));
    return member;
  }

  member(id: string): Member<V, State> {
    const member = this.#byId.get(id);
    invariant(member !== undefined, `${id} is a member`);
    return member;
  }

  /** Simulated ms since the beginning. */
  get now(): number {
    return this.queue.now;
  }

  get world(): World {
    return this.#world;
  }

  set world(world: World) {
    this.#world = world;
    this.network.world = world;
  }

  /** Starts a member from what its disk holds. A damaged disk is refused: false. */
  start(id: string): boolean {
    const member = this.member(id);
    const { store } = member.disk;
    this.#tell(() => `${id} starts`);
    this.trace.number(0x5000 + member.slot);
    if (store.isDamaged) {
      member.isLost = true;
      this.#tell(() => `${id} refuses its damaged disk`);
      return false;
    }
    const core = this.#parts.protocol.start({ plan: member.plan, store, seed: nextUint32(this.#random) });
    member.begin(core, (state) => this.#parts.owner(member, state));
    this.#parts.watch.started(id, core.inspect());
    this.#tickLater(member, member.life);
    if (this.members.some((each) => this.#speaks(each) !== undefined)) this.#isMixed = true;
    if (this.#isMixed) this.#greet(member);
    this.hint(id, true);
    return true;
  }

  /** Versions are known before anything is sent, as with greetings over TCP. */
  #greet(member: Member<V, State>): void {
    for (const other of this.members) {
      if (other === member) continue;
      this.arrive(member, this.#linked(other));
      this.arrive(other, this.#linked(member));
    }
  }

  #speaks(member: Member<V, State>): number | undefined {
    return this.#parts.protocol.speaks?.(member.plan);
  }

  /** The link to `peer` is there, with what its greeting says. */
  #linked(peer: Member<V, State>): Input<V> {
    const speaks = this.#speaks(peer);
    return { kind: "link", peer: peer.id, up: true, ...(speaks !== undefined && { speaks }) };
  }

  /** Kills a member; with `hint` the others' links to it break visibly. */
  crash(id: string, hint = true): void {
    const member = this.member(id);
    if (!member.isUp) return;
    this.#tell(() => `${id} crashes`);
    this.trace.number(0x6000 + member.slot);
    member.end();
    if (hint) this.hint(id, false);
  }

  /** A member that is down gets an empty disk: it owes nothing any more, so it must not be needed for a majority. */
  wipe(id: string): void {
    const member = this.member(id);
    invariant(!member.isUp, `${id} is down`);
    member.disk.store = this.#parts.protocol.emptyStore();
    this.#parts.watch.wiped(id);
  }

  /** Stops a member's thread; its network and its disk go on. */
  pause(id: string): void {
    this.#tell(() => `${id} pauses`);
    this.member(id).isPaused = true;
  }

  resume(id: string): void {
    const member = this.member(id);
    if (!member.isPaused) return;
    this.#tell(() => `${id} resumes`);
    member.isPaused = false;
    if (member.hasInputs) this.#stepSoon(member);
  }

  /** Whom a target means now: a role is whoever has it, `pick` decides between several. */
  find(target: Target, pick: number): Member<V, State> {
    const named = this.#byId.get(target);
    if (named !== undefined) return named;
    const present = this.members.filter((member) => !member.isLost);
    const fitting = present.filter((member) => target === "any" || this.leads(member) === (target === "leader"));
    const found = fitting.length > 0 ? fitting : present;
    return (found[pick % found.length] ?? this.members[0]) as Member<V, State>;
  }

  /** Whether a member is up and leads, or believes to. */
  leads(member: Member<V, State>): boolean {
    return member.isUp && this.#parts.protocol.view?.(member.state).leads === true;
  }

  /** Cuts every link, both ways, between `ids` and all others. */
  split(...ids: string[]): void {
    for (const [one, other] of this.linksOf(ids)) {
      this.network.cut(one, other);
      this.network.cut(other, one);
    }
  }

  /** Joins what `split` cut. */
  rejoin(...ids: string[]): void {
    for (const [one, other] of this.linksOf(ids)) {
      this.network.join(one, other);
      this.network.join(other, one);
    }
  }

  /** The links between `ids` and all others, by their slots. */
  linksOf(ids: readonly string[]): [one: number, other: number][] {
    const inside = this.members.filter((member) => ids.includes(member.id));
    const outside = this.members.filter((member) => !ids.includes(member.id));
    return inside.flatMap((one) => outside.map((other): [number, number] => [one.slot, other.slot]));
  }

  /** Every link works again, every disk too, and every member that can be is up and awake. */
  heal(): void {
    this.network.heal();
    for (const member of this.members) {
      member.disk.mend();
      this.resume(member.id);
      if (!member.isUp && !member.isLost) this.start(member.id);
    }
  }

  /** Both ends of every link of `id` are told that it broke, or is there again. */
  hint(id: string, up: boolean): void {
    const member = this.member(id);
    for (const other of this.members) {
      if (other === member) continue;
      this.#hintLater(other, member, up);
      this.#hintLater(member, other, up);
    }
  }

  #hintLater(member: Member<V, State>, peer: Member<V, State>, up: boolean): void {
    if (!member.isUp) return;
    const { hintMs, lostHints } = this.#world;
    if (chance(this.#random, lostHints / 1000)) return;
    const { life } = member;
    this.#later(hintMs, () => {
      if (member.life !== life) return;
      this.arrive(member, up ? this.#linked(peer) : { kind: "link", peer: peer.id, up });
    });
  }

  /** Hands a request to a member's core, as its owner would. */
  request(id: string, request: V["request"]): void {
    const member = this.member(id);
    if (member.isUp) this.arrive(member, { kind: "request", request });
  }

  /** Hands over a request that can wait for the member's next step, a tick later at the most. */
  leave(id: string, request: V["request"]): void {
    const member = this.member(id);
    if (member.isUp) member.push({ kind: "request", request });
  }

  /** Something happens to a member: a step at once, or together with what else arrives meanwhile. */
  arrive(member: Member<V, State>, input: Input<V>): void {
    if (!member.isUp) return;
    member.push(input);
    if (member.isPaused || member.isStepDue) return;
    if (this.#world.batchMs === 0 && !this.#isStepping) this.#step(member);
    else this.#stepSoon(member);
  }

  #stepSoon(member: Member<V, State>): void {
    member.isStepDue = true;
    const { life } = member;
    this.#later([0, this.#world.batchMs], () => {
      if (member.life !== life) return;
      member.isStepDue = false;
      if (!member.isPaused) this.#step(member);
    });
  }

  #step(member: Member<V, State>): void {
    const effects = this.#effects.get(member.id) as Effects<V>;
    this.counts.steps++;
    this.trace.number(this.queue.now * membersShift + member.slot);
    this.#isStepping = true;
    try {
      member.step(this.queue.now, effects);
      this.#parts.watch.stepped(member.id, member.state);
      for (const output of this.#outputs) this.#output(member, output);
    } finally {
      this.#isStepping = false;
      if (this.#outputs.length > 0) this.#outputs = [];
    }
  }

  #output(member: Member<V, State>, output: V["output"]): void {
    const { protocol } = this.#parts;
    if (protocol.fold === undefined) this.trace.text(protocol.words.output(output));
    else protocol.fold(output, this.trace);
    this.#tell(() => `${member.id} ${protocol.words.output(output)}`);
    member.process?.owner.take(output);
  }

  #effectsOf(member: Member<V, State>): Effects<V> {
    return {
      send: (to, message) => this.#send(member, to, message),
      persist: (records) => {
        this.trace.number(records.length);
        for (const record of records) {
          this.#tell(() => `${member.id} ${this.#parts.protocol.words.record(record)}`);
          this.#parts.watch.persisted(member.id, record);
        }
        member.disk.persist(records);
      },
      output: (output) => this.#outputs.push(output),
    };
  }

  #send(from: Member<V, State>, id: string, message: V["message"]): void {
    const to = this.#byId.get(id);
    if (to === undefined) return; // a member that was never here
    this.counts.messages++;
    this.#parts.watch.sent(from.id, id, message);
    const { messages, words } = this.#parts.protocol;
    if (this.#encoded?.message !== message) this.#encoded = { message, bytes: messages.encode(message) };
    const { bytes } = this.#encoded;
    this.trace.number(from.slot * membersShift + to.slot);
    this.trace.bytes(bytes);
    this.#tell(() => `${from.id} → ${id} ${words.message(message)}`);
    this.network.send(from.slot, to.slot, () => {
      this.counts.delivered++;
      if (to.isUp) this.arrive(to, { kind: "receive", from: from.id, message: messages.decode(bytes) });
    });
  }

  #tickLater(member: Member<V, State>, life: number): void {
    this.queue.after(member.plan.tickMs, () => {
      if (member.life !== life) return;
      this.arrive(member, { kind: "tick" });
      this.#tickLater(member, life);
    });
  }

  #later([least, most]: readonly [number, number], run: () => void): void {
    this.queue.after(least + (most > least ? nextBelow(this.#random, most - least + 1) : 0), run);
  }

  /** Adds a line to the trace, if lines are wanted. */
  #tell(line: () => string): void {
    this.trace.write?.(`${String(this.queue.now).padStart(6)} ${line()}`);
  }

  /** What an owner does outside of simulated time: nothing else happens before it is done. */
  waitFor(work: Promise<void>): void {
    this.#awaited.push(work);
    this.queue.stop();
  }

  /** Lets `ms` pass, for owners that do nothing outside of simulated time. */
  pass(ms: number): void {
    invariant(this.queue.runUntil(this.queue.now + ms), "owners take part in simulated time alone");
  }

  /** Lets `ms` pass. */
  async run(ms: number): Promise<void> {
    const end = this.queue.now + ms;
    while (!this.queue.runUntil(end)) {
      const awaited = this.#awaited;
      this.#awaited = [];
      await Promise.all(awaited);
    }
  }

  /** Lets time pass until `isDone`, at most `msMax`: false when it never was. */
  async until(isDone: () => boolean, msMax = 20_000): Promise<boolean> {
    const end = this.now + msMax;
    while (!isDone()) {
      if (this.now >= end) return false;
      await this.run(lookMs);
    }
    return true;
  }
}

const membersShift = 64;
