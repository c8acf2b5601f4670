import { invariant } from "../../../base/invariant.ts";
import { chance, newRandom, type Random } from "../../../base/random.ts";
import { fromUtf8, toUtf8 } from "../../../base/text.ts";
import type { LogOutput, LogRequest, Member as Named } from "../../../protocols/replicated-log.ts";
import { Cluster } from "../../cluster.ts";
import type { Member } from "../../member.ts";
import type { MemberPlan, World } from "../../plans/plan.ts";
import { calmWorld } from "../../plans/run.ts";
import type { Watch } from "../../protocol.ts";
import { Agreement } from "../agreement.ts";
import type { LogProtocol, OwnedStore, Standing } from "../group.ts";
import type { LogVocabulary } from "../replica.ts";
import { Promises } from "./promises.ts";
import { TextOwner } from "./text-owner.ts";

/** How finely `until` looks, in ms. */
const lookMs = 5;

/** What makes one cluster. */
export interface LogSetup {
  readonly members: number;
  readonly seed?: number;
  readonly world?: Partial<World>;
  readonly options?: MemberPlan["options"];
  /** How long each member's ticks last, in ms, and how fast its clock goes in per mille. Default 20 and 1000. */
  readonly time?: (place: number) => { readonly tickMs: number; readonly clock: number };
  /** What is on a member's disk before it starts for the first time. */
  readonly past?: (store: OwnedStore, id: string, members: readonly Named[]) => void;
}

/** Words for tests: a group that agrees on texts, driven by hand, every step followed by all invariants. */
export class LogScenario<V extends LogVocabulary, State> {
  readonly cluster: Cluster<V, State>;
  /** All that was asked in this scenario, and what it was told. */
  readonly promises: Promises;
  /** Sees every message as it is sent. */
  onSend: (from: string, to: string, message: V["message"]) => void = () => undefined;
  /** Sees every output as its owner takes it. */
  onOutput: (id: string, output: LogOutput) => void = () => undefined;
  /** The payloads of the agreed order. */
  readonly agreed: string[] = [];
  readonly #agreement = new Agreement((_index, entry) => {
    if (entry.kind === "payload") this.agreed.push(fromUtf8(entry.payload));
  });
  readonly #owners = new Map<string, TextOwner>();
  readonly #outputs = new Map<string, LogOutput[]>();
  readonly #random: Random;
  #requests = 0;

  readonly #parts: LogProtocol<V, State>;

  constructor(parts: LogProtocol<V, State>, setup: LogSetup) {
    this.#parts = parts;
    this.#random = newRandom((setup.seed ?? 1) + 1);
    const ids = Array.from({ length: setup.members }, (_, at) => String.fromCharCode(97 + at));
    const members = ids.map((id) => ({ id, address: `${id}:1` }));
    const options = setup.options ?? {};
    this.cluster = new Cluster({
      protocol: parts.protocol(members),
      members: ids.map((id, place) => ({ id, tickMs: 20, clock: 1000, ...setup.time?.(place), options })),
      world: { ...calmWorld, ...setup.world },
      seed: setup.seed ?? 1,
      watch: this.#watch(),
      owner: (member, state) => this.#own(member, state),
    });
    this.promises = new Promises(this);
    for (const id of ids) {
      setup.past?.(this.store(id), id, members);
      this.start(id);
    }
  }

  #watch(): Watch<V, State> {
    const watch = this.#parts.newWatch();
    return {
      started: (id, state) => watch.started(id, state),
      persisted: (id, record) => watch.persisted(id, record),
      sent: (id, to, message) => {
        this.onSend(id, to, message);
        watch.sent(id, to, message);
      },
      stepped: (id, state) => watch.stepped(id, state),
      wiped: (id) => watch.wiped(id),
    };
  }

  #own(member: Member<V, State>, state: Readonly<State>): TextOwner {
    const { id, life } = member;
    this.store(id).snapshotsKept = Number.POSITIVE_INFINITY;
    const host = {
      id,
      store: this.store(id),
      request: (request: LogRequest) => this.cluster.request(id, request),
      afterDisk: (run: () => void) =>
        this.cluster.queue.after(member.disk.delay(), () => {
          if (member.life === life) run();
        }),
      losesRead: () => chance(this.#random, this.cluster.world.lostReads / 1000),
      told: (output: LogOutput) => {
        this.outputs(id).push(output);
        this.onOutput(id, output);
      },
    };
    const owner = new TextOwner(host, this.#agreement, this.#parts.standing(state).snapshot);
    this.#owners.set(id, owner);
    return owner;
  }

  store(id: string): OwnedStore {
    return this.cluster.member(id).disk.store as unknown as OwnedStore; // made by the protocol's `emptyStore`
  }

  state(id: string): Readonly<State> {
    return this.cluster.member(id).state;
  }

  /** What any replicated log says of a member. */
  standing(id: string): Standing {
    return this.#parts.standing(this.state(id));
  }

  /** Whether a member leads, or believes to. */
  leads(id: string): boolean {
    return this.cluster.leads(this.cluster.member(id));
  }

  /** All that a member's owners were told. */
  outputs(id: string): LogOutput[] {
    const outputs = this.#outputs.get(id) ?? [];
    this.#outputs.set(id, outputs);
    return outputs;
  }

  /** What a member's owner has taken in. */
  texts(id: string): string[] {
    return this.#owner(id).texts;
  }

  #owner(id: string): TextOwner {
    const owner = this.#owners.get(id);
    invariant(owner !== undefined, `${id} is a member`);
    return owner;
  }

  /** All members' ids but `except`. */
  ids(...except: string[]): string[] {
    return this.cluster.members.map(({ id }) => id).filter((id) => !except.includes(id));
  }

  isUp(id: string): boolean {
    return this.cluster.member(id).isUp;
  }

  start(id: string): void {
    this.cluster.start(id);
  }

  /** Kills a member; with `hint` the others' links to it break visibly. */
  crash(id: string, hint = true): void {
    this.cluster.crash(id, hint);
  }

  /** A member that is down gets an empty disk. */
  wipe(id: string): void {
    this.cluster.wipe(id);
  }

  pause(id: string): void {
    this.cluster.pause(id);
  }

  resume(id: string): void {
    this.cluster.resume(id);
  }

  /** Cuts the way from one member to another; the way back stays. */
  cut(from: string, to: string): void {
    this.cluster.network.cut(this.cluster.member(from).slot, this.cluster.member(to).slot);
  }

  isolate(id: string): void {
    this.split(id);
  }

  /** Cuts every link, both ways, between `ids` and all others. */
  split(...ids: string[]): void {
    this.cluster.split(...ids);
  }

  /** Both ends of every link of `id` are told that it broke, or is there again. */
  hint(id: string, up: boolean): void {
    this.cluster.hint(id, up);
  }

  /** A member is told that its link to `peer` broke or came. */
  tellLink(id: string, peer: string, up: boolean): void {
    this.cluster.arrive(this.cluster.member(id), { kind: "link", peer, up });
  }

  /** Every link works again. */
  heal(): void {
    this.cluster.network.heal();
  }

  /** No write ends any more. */
  stickDisk(id: string): void {
    this.cluster.member(id).disk.isStuck = true;
  }

  /** No write finds room any more; its owner learns it with the next one. */
  fillDisk(id: string): void {
    this.cluster.member(id).disk.isFull = true;
  }

  mendDisk(id: string): void {
    this.cluster.member(id).disk.mend();
  }

  holdCredit(id: string): void {
    this.#owner(id).isBusy = true;
  }

  giveCredit(id: string): void {
    this.#owner(id).giveCredit();
  }

  request(id: string, request: LogRequest): void {
    this.cluster.request(id, request);
  }

  /** Hands texts to a member's owner side; returns the request's number. */
  propose(id: string, ...texts: string[]): number {
    const number = ++this.#requests;
    this.promises.proposed(id, number, texts);
    this.request(id, { kind: "propose", id: number, payloads: texts.map(toUtf8) });
    return number;
  }

  /** A machine that was never part of the group, and knows nobody; started. */
  join(id: string): void {
    this.cluster.add({ id, tickMs: 20, clock: 1000, options: this.cluster.members[0]?.plan.options ?? {} });
    this.start(id);
  }

  /** Asks `id` for a membership, names a letter each; returns the request's number. */
  change(id: string, voters: string, learners = ""): number {
    const number = ++this.#requests;
    const [members, watching] = [voters, learners].map((ids) =>
      [...ids].map((each) => ({ id: each, address: `${each}:1` })),
    );
    this.request(id, { kind: "change", id: number, members: members ?? [], learners: watching ?? [] });
    return number;
  }

  barrier(id: string, mode: "quorum" | "lease" = "quorum"): number {
    const number = ++this.#requests;
    this.promises.asked(id, number, this.#agreement.highest);
    this.request(id, { kind: "barrier", id: number, mode });
    return number;
  }

  /** Snapshots what a member has applied. */
  snapshot(id: string): void {
    const owner = this.#owner(id);
    const term = this.#agreement.termAt(owner.appliedIndex);
    if (term !== undefined) owner.snapshot(term);
  }

  /** Simulated ms since the beginning. */
  get now(): number {
    return this.cluster.now;
  }

  /** Lets `ms` pass. */
  run(ms: number): void {
    this.cluster.pass(ms);
  }

  /** Lets time pass until `isDone`, at most `msMax`: false when it never was. */
  until(isDone: () => boolean, msMax = 20_000): boolean {
    const end = this.now + msMax;
    while (!isDone()) {
      if (this.now >= end) return false;
      this.run(lookMs);
    }
    return true;
  }

  /** All that is under way comes to its end: every owner has what is agreed, and nothing is proposed meanwhile. */
  settle(msMax = 20_000): boolean {
    const isSettled = () => this.texts(this.ids()[0] ?? "").length === this.agreed.length;
    return this.until(() => isSettled() && this.cluster.members.every(({ id }) => this.#isDone(id)), msMax);
  }

  #isDone(id: string): boolean {
    return !this.isUp(id) || this.texts(id).length === this.agreed.length;
  }

  /** The leader that a majority follows, once there is one. */
  leader(except?: string): string {
    const find = () => this.#leaders().find((id) => id !== except);
    const isThere = this.until(() => find() !== undefined);
    invariant(isThere, "a leader is elected");
    return find() ?? "";
  }

  /** Those that are up and do not lead. */
  followers(): string[] {
    return this.cluster.members.filter((member) => member.isUp && !this.cluster.leads(member)).map(({ id }) => id);
  }

  #leaders(): string[] {
    const live = this.cluster.members.filter((member) => member.isUp);
    const isFollowed = (id: string) =>
      live.filter((member) => this.#parts.standing(member.state).leader === id).length >
      this.cluster.members.length / 2;
    return live.filter((member) => this.cluster.leads(member) && isFollowed(member.id)).map(({ id }) => id);
  }

  /** What every member's owner has taken in. */
  applied(): string[][] {
    return this.ids().map((id) => this.texts(id));
  }

  /** Whether every member's owner has taken in `text`. */
  agreesOn(text: string): boolean {
    return this.applied().every((texts) => texts.includes(text));
  }

  /** What became of request `number`, in order, on member `id`. */
  fate(id: string, number: number): string[] {
    const fates: string[] = [];
    for (const output of this.outputs(id)) {
      if (output.kind === "accepted" && output.id === number) fates.push("accepted");
      if (output.kind === "refused" && output.id === number) fates.push(`refused ${output.reason}`);
      if (output.kind === "settled" && output.id === number) fates.push(output.outcome);
      if (output.kind === "readable" && output.ids.includes(number)) fates.push(`readable ${output.index}`);
    }
    return fates;
  }
}
