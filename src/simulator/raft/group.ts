import { invariant } from "../../base/invariant.ts";
import { forkRandom, newRandom, nextBelow, type Random } from "../../base/random.ts";
import { withSessions } from "../../machines/sessions.ts";
import type { Vocabulary } from "../../protocols/core.ts";
import type { LogRequest, RaftState, RaftVocabulary } from "../../protocols/raft/index.ts";
import { type Membership, takesPart } from "../../protocols/replicated-log.ts";
import { Cluster } from "../cluster.ts";
import type { Member } from "../member.ts";
import type { Action, MemberPlan, Plan, PlannedCall } from "../plans/plan.ts";
import { Agreement } from "../replicated/agreement.ts";
import { Clients } from "../replicated/clients.ts";
import type { SessionMachine } from "../replicated/machine.ts";
import { Reference } from "../replicated/reference.ts";
import { Replica, type ReplicaHost } from "../replicated/replica.ts";
import type { Group } from "../subject.ts";
import type { Trace } from "../trace.ts";
import type { Workload } from "../workloads/workload.ts";
import { isParticipant, maySpare, nextChange } from "./churn.ts";
import { raftProtocol } from "./protocol.ts";
import { nameSnapshot, type RaftStore } from "./store.ts";
import { RaftWatch } from "./watch.ts";

/** Snapshots are compared at indexes that this divides. */
export const snapshotEvery = 16;

/** Machines that a run has at the most, those replaced included. */
const membersMax = 16;

type RaftMember = Member<RaftVocabulary, RaftState>;

/** A Raft group that carries a machine, with the clients of a workload. */
export class RaftGroup implements Group {
  readonly cluster: Cluster<Vocabulary, unknown>;
  readonly #raft: Cluster<RaftVocabulary, RaftState>;
  readonly #replicas = new Map<RaftMember, Replica>();
  readonly #agreement: Agreement;
  readonly #reference: Reference;
  readonly #machine: SessionMachine;
  readonly #clients: Clients;
  readonly #watch = new RaftWatch();
  readonly #random: Random;
  #undecided = 0;
  #restores = 0;
  /** Memberships committed. */
  #changes = 0;
  /** Transfers after which the one that was to lead does. */
  #handovers = 0;

  constructor(plan: Plan, workload: Workload, trace: Trace) {
    this.#random = newRandom(plan.seed + 1);
    this.#machine = withSessions(workload.machine);
    this.#reference = new Reference(this.#machine, snapshotEvery);
    this.#agreement = new Agreement((index, entry) => {
      if (entry.kind === "members") this.#changes++;
      this.#reference.apply(index, entry);
    });
    const members = plan.members.map(({ id }) => ({ id, address: `${id}:1` }));
    this.#raft = new Cluster({
      protocol: raftProtocol(members),
      members: plan.members,
      world: plan.world,
      seed: plan.seed,
      watch: this.#watch,
      owner: (member, state) => this.#own(member, state),
      trace,
    });
    this.cluster = this.#raft as unknown as Cluster<Vocabulary, unknown>;
    this.#clients = new Clients({
      workload,
      machine: this.#machine,
      contacts: this.#contacts(),
      random: forkRandom(this.#random),
      mode: plan.members[0]?.options.leases === true ? "lease" : "quorum",
    });
    for (const { id } of plan.members) this.#raft.start(id);
  }

  #contacts(): { readonly now: number; replicas(): readonly Replica[]; after(ms: number, run: () => void): void } {
    const raft = this.#raft;
    return {
      get now() {
        return raft.now;
      },
      replicas: () => {
        const present = raft.members.filter((member) => member.isUp && isParticipant(member.state));
        return present.map((member) => this.#replica(member));
      },
      after: (ms, run) => raft.queue.after(ms, run),
    };
  }

  #replica(member: RaftMember): Replica {
    return this.#replicas.get(member) as Replica; // one is made with each start
  }

  #own(member: RaftMember, state: Readonly<RaftState>): Replica {
    const store = member.disk.store as RaftStore;
    const every = ownerOption(member.plan, "snapshotEvery", 4 * snapshotEvery);
    store.snapshotsKept = ownerOption(member.plan, "snapshotsKept", 1);
    const replica = new Replica({
      host: this.#host(member, store),
      machine: this.#machine,
      agreement: this.#agreement,
      reference: this.#reference,
      snapshotEvery: every,
      snapshot: state.snapshot,
    });
    this.#replicas.set(member, replica);
    return replica;
  }

  #host(member: RaftMember, store: RaftStore): ReplicaHost {
    const raft = this.#raft;
    const { life } = member;
    const alive = (run: () => void) => () => {
      if (member.life === life) run();
    };
    return {
      id: member.id,
      request: (request: LogRequest) => alive(() => raft.request(member.id, request))(),
      leave: (request: LogRequest) => alive(() => raft.leave(member.id, request))(),
      afterDisk: (run) => raft.queue.after(member.disk.delay(), alive(run)),
      losesRead: () => nextBelow(this.#random, 1000) < raft.world.lostReads,
      waitFor: (work) => {
        this.#restores++;
        raft.waitFor(work);
      },
      stop: () => raft.crash(member.id),
      find: (what) => store.find(what),
      content: (snapshot) => store.content(snapshot),
      nameSnapshot,
      saveSnapshot: (snapshot, content) => store.save(snapshot, content),
    };
  }

  call(planned: PlannedCall, done: () => void): void {
    this.#clients.call(planned, done);
  }

  /** What an operator asks of whoever takes itself for the leader. */
  act(name: string, id: string, { pick, lastsMs }: Action): void {
    const member = this.#raft.member(id);
    if (name === "upgrade") return this.#upgrade(member, lastsMs);
    if (!member.isUp) return;
    const { membership } = member.state;
    const { requests } = this.#replica(member);
    if (name === "burst") return this.#burst(this.#replica(member), pick);
    if (name === "transfer") {
      const to = membership.members[pick % (membership.members.length + 1)]?.id;
      return requests.administer(
        (number) => ({ kind: "transfer", id: number, to }),
        () => void this.#handovers++,
      );
    }
    if (this.#raft.members.length >= membersMax || membership.members.length === 0) return;
    const newcomer = () => this.#returning(membership, pick) ?? this.#join();
    const change = nextChange(membership, pick, (voter) => this.#isSound(voter), newcomer);
    requests.administer((number) => ({ kind: "change", id: number, ...change }));
  }

  /**
   * Many entries at once that change nothing, for they repeat one that no machine can read: a leader that was cut off
   * has then more entries than its followers, in the places of others that were committed meanwhile.
   */
  #burst({ requests }: Replica, pick: number): void {
    const named = { client: "burst", sequence: 1, settledBelow: 1, issuedAt: 0, command: new Uint8Array([255]) };
    const payload = this.#machine.command.encode(named);
    const payloads = Array.from({ length: 4 + (pick % 16) }, () => payload);
    requests.administer((number) => ({ kind: "propose", id: number, payloads }));
  }

  /** Often one that was removed before, and has its disk still. */
  #returning(membership: Membership, pick: number): { readonly id: string; readonly address: string } | undefined {
    const removed = this.#raft.members.filter(
      (member) => member.isUp && member.state.removed !== undefined && !takesPart(membership, member.id),
    );
    const { id } = (pick % 4 > 0 ? removed[pick % removed.length] : undefined) ?? {};
    return id === undefined ? undefined : { id, address: `${id}:1` };
  }

  /** It starts anew with the current version. */
  #upgrade(member: RaftMember, lastsMs: number): void {
    this.#raft.crash(member.id);
    member.plan = { ...member.plan, options: current(member) };
    this.#raft.queue.after(lastsMs, () => {
      if (!member.isUp && !member.isLost) this.#raft.start(member.id);
    });
  }

  /** A machine that was never part of the group: alike the others, with a right clock. */
  #join(): { readonly id: string; readonly address: string } {
    const idle = this.#raft.members.find((member) => member.isUp && member.state.log.last === 0);
    if (idle !== undefined && idle.state.membership.members.length === 0)
      return { id: idle.id, address: `${idle.id}:1` };
    const id = `n${this.#raft.members.length}`;
    this.#raft.add({ id, tickMs: 20, clock: 1000, options: current(this.#raft.members[0]) });
    this.#raft.start(id);
    return { id, address: `${id}:1` };
  }

  #isSound(id: string): boolean {
    const { isLost, disk } = this.#raft.member(id);
    return !isLost && !disk.store.isDamaged;
  }

  canSpare(id: string): boolean {
    return maySpare(id, this.#watch.memberships(), (voter) => this.#isSound(voter));
  }

  calm(): void {
    this.#clients.isCalm = true;
  }

  unrest(): string | undefined {
    const live = this.#participants();
    if (live === undefined) return "nobody leads";
    const { highest } = this.#agreement;
    for (const member of live) {
      const replica = this.#replica(member);
      if (replica.appliedIndex < highest) return `${member.id} applied ${replica.appliedIndex} of ${highest}`;
      if (!replica.isAtRest) return `${member.id} has not taken in all it was given`;
      if (member.state.commit > replica.appliedIndex) return `${member.id} knows more than it applied`;
      if (member.state.leader === undefined) return `${member.id} knows no leader`;
    }
    return undefined;
  }

  /** Those that live and take part, as the newest leader knows them: others may never hear that they do not. */
  #participants(): readonly RaftMember[] | undefined {
    const up = this.#raft.members.filter((member) => member.isUp);
    const leaders = up.filter((member) => this.#raft.leads(member));
    const newest = leaders.sort((one, other) => other.state.term - one.state.term)[0];
    return newest && up.filter(({ id }) => takesPart(newest.state.membership, id));
  }

  judge(): void {
    const verdict = this.#clients.judge();
    this.#undecided = verdict.kind === "unknown" ? 1 : 0;
    invariant(verdict.kind !== "violation", `what clients saw is linearizable\n${verdict.text()}`);
  }

  counts(): Readonly<Record<string, number>> {
    const checks = this.#agreement.checks + this.#watch.checks;
    const sum = (count: (member: RaftMember) => number) =>
      this.#raft.members.reduce((total, member) => total + count(member), 0);
    return {
      ...this.#clients.counts,
      undecided: this.#undecided,
      restores: this.#restores,
      changes: this.#changes,
      handovers: this.#handovers,
      torn: sum(({ disk }) => disk.torn),
      revived: sum(({ disk }) => disk.revived),
      entries: this.#agreement.highest,
      elections: this.#watch.elections,
      checks,
    };
  }
}

/** A member's options without an older version. */
function current(member: RaftMember | undefined): MemberPlan["options"] {
  const { speaks: _old, ...options } = member?.plan.options ?? {};
  return options;
}

function ownerOption({ options }: MemberPlan, name: string, fallback: number): number {
  const value = options[name];
  return typeof value === "number" ? value : fallback;
}
