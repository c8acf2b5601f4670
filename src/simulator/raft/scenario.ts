import { noBytes } from "../../base/bytes.ts";
import { invariant } from "../../base/invariant.ts";
import { chance, newRandom, type Random } from "../../base/random.ts";
import { fromUtf8, toUtf8 } from "../../base/text.ts";
import {
  encodeRecord,
  type LogOutput,
  type LogRequest,
  type RaftMessage,
  type RaftOptions,
  type RaftState,
  type RaftVocabulary,
} from "../../protocols/raft/index.ts";
import { termAt } from "../../protocols/raft/log/log.ts";
import { Cluster } from "../cluster.ts";
import type { Member } from "../member.ts";
import type { World } from "../plans/plan.ts";
import { calmWorld } from "../plans/run.ts";
import type { Watch } from "../protocol.ts";
import { Agreement } from "../replicated/agreement.ts";
import { Promises } from "./promises.ts";
import { raftProtocol } from "./protocol.ts";
import type { RaftStore } from "./store.ts";
import { TextOwner } from "./text-owner.ts";
import { RaftWatch } from "./watch.ts";

/** How finely `until` looks, in ms. */
const lookMs = 5;

/** What makes one cluster. */
export interface Setup {
  readonly members: number;
  readonly seed?: number;
  readonly world?: Partial<World>;
  readonly options?: Partial<Omit<RaftOptions, "id" | "seed">>;
  /** How long each member's ticks last, in ms, and how fast its clock goes in per mille. Default 20 and 1000. */
  readonly time?: (place: number) => { readonly tickMs: number; readonly clock: number };
  /** The past that members start with: the term they are in, and the terms of their entries. */
  readonly past?: { readonly term: number; readonly logs: ReadonlyMap<string, readonly number[]> };
}

/** Words for tests: a Raft group that agrees on texts, driven by hand, every step followed by all invariants. */
export class RaftScenario {
  readonly cluster: Cluster<RaftVocabulary, RaftState>;
  /** All that was asked in this scenario, and what it was told. */
  readonly promises: Promises;
  /** Sees every message as it is sent. */
  onSend: (from: string, to: string, message: RaftMessage) => void = () => undefined;
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

  constructor(setup: Setup) {
    this.#random = newRandom((setup.seed ?? 1) + 1);
    const ids = Array.from({ length: setup.members }, (_, at) => String.fromCharCode(97 + at));
    const members = ids.map((id) => ({ id, address: `${id}:1` }));
    const options = (setup.options ?? {}) as Readonly<Record<string, number | boolean>>;
    this.cluster = new Cluster({
      protocol: raftProtocol(members),
      members: ids.map((id, place) => ({ id, tickMs: 20, clock: 1000, ...setup.time?.(place), options })),
      world: { ...calmWorld, ...setup.world },
      seed: setup.seed ?? 1,
      watch: this.#watch(),
      owner: (member, state) => this.#own(member, state),
    });
    this.promises = new Promises(this);
    for (const id of ids) {
      if (setup.past !== undefined) preload(this.store(id), setup.past.term, setup.past.logs.get(id) ?? [], members);
      this.start(id);
    }
  }

  #watch(): Watch<RaftVocabulary, RaftState> {
    const watch = new RaftWatch();
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

  #own(member: Member<RaftVocabulary, RaftState>, state: Readonly<RaftState>): TextOwner {
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
    const owner = new TextOwner(host, this.#agreement, state.snapshot);
    this.#owners.set(id, owner);
    return owner;
  }

  store(id: string): RaftStore {
    return this.cluster.member(id).disk.store as RaftStore; // made by the protocol's `emptyStore`
  }

  state(id: string): Readonly<RaftState> {
    return this.cluster.member(id).state;
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
    const term = this.state(id).log.runs.findLast((run) => run.index <= owner.appliedIndex)?.term;
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

  /** Ends a member's patience; it leads if the others let it. */
  elect(id: string): void {
    const member = this.cluster.member(id);
    while (member.state.role === "follower") this.cluster.arrive(member, { kind: "tick" });
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
      live.filter((member) => member.state.leader === id).length > this.cluster.members.length / 2;
    return live.filter((member) => member.state.role === "leader" && isFollowed(member.id)).map(({ id }) => id);
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

  /** One line a member: role and term, the terms of its entries, and its indexes. */
  logs(): string {
    const lines = this.ids().map((id) => {
      if (!this.isUp(id)) return `${id} is down`;
      const { role, term, log, commit } = this.state(id);
      const { base } = log;
      const words = base.index === 0 ? [] : [`(${base.index}@${base.term})`];
      for (let index = base.index + 1; index <= log.last; index++) words.push(String(termAt(log, index)));
      return `${id} ${role} t${term}: ${words.join(" ")} | commit ${commit}`;
    });
    return lines.join("\n");
  }
}

/** Gives a machine that was never started a past: entries of these terms, and the term it is in. */
function preload(
  store: RaftStore,
  term: number,
  terms: readonly number[],
  members: readonly { readonly id: string; readonly address: string }[],
): void {
  store.begin({ members, outgoing: [], learners: [] });
  const state = { kind: "state", term, votedFor: undefined } as const;
  store.put([state], [encodeRecord(state)]);
  if (terms.length === 0) return;
  const entries = terms.map((each) => ({ term: each, kind: "none", payload: noBytes }) as const);
  const record = { kind: "entries", from: 1, entries } as const;
  store.put([record], [encodeRecord(record)]);
}
