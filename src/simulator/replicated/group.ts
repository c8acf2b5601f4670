import { invariant } from "../../base/invariant.ts";
import { forkRandom, newRandom, nextBelow, type Random } from "../../base/random.ts";
import { withSessions } from "../../machines/sessions.ts";
import type { Vocabulary } from "../../protocols/core.ts";
import {
  type LogRequest,
  type Membership,
  participantsOf,
  type SnapshotName,
  takesPart,
} from "../../protocols/replicated-log.ts";
import { Cluster } from "../cluster.ts";
import type { Member } from "../member.ts";
import type { Action, MemberPlan, Plan, PlannedCall } from "../plans/plan.ts";
import type { Protocol, Watch } from "../protocol.ts";
import type { Group } from "../subject.ts";
import type { Trace } from "../trace.ts";
import type { Workload } from "../workloads/workload.ts";
import { Agreement } from "./agreement.ts";
import { maySpare, nextChange } from "./churn.ts";
import { Clients } from "./clients.ts";
import { ownerOption } from "./hosting.ts";
import type { SessionMachine } from "./machine.ts";
import { Reference } from "./reference.ts";
import { type LogVocabulary, Replica, type ReplicaHost } from "./replica.ts";
import { type LogStore, nameSnapshot } from "./store.ts";

/** Snapshots are compared at indexes that this divides. */
export const snapshotEvery = 16;

/** Machines that a run has at the most, those replaced included. */
const membersMax = 16;

/** What a group looks at in a member, whatever its protocol. */
export interface Standing {
  /** A later leader's is higher. */
  readonly term: number;
  readonly leader: string | undefined;
  readonly membership: Membership;
  readonly isRemoved: boolean;
  /** It knows that everything through here is committed. */
  readonly commit: number;
  /** It was never told anything. */
  readonly isBlank: boolean;
  readonly snapshot: SnapshotName | undefined;
}

/** Sees all that the members of a replicated log do. */
export interface LogWatch<V extends LogVocabulary, State> extends Watch<V, State> {
  /** Checks made, and leaders seen. */
  readonly checks: number;
  readonly elections: number;
  /** What every member takes for the membership; of one that is down, what it took. */
  memberships(): Iterable<Membership>;
  /** What a member that lives still owes, in words: absent, it owes nothing. */
  owed?(id: string): string | undefined;
}

/** A protocol that replicates a log, as groups of it are simulated. */
export interface LogProtocol<V extends LogVocabulary, State> {
  /** `members` found the group; who joins later knows nobody. */
  protocol(members: readonly { readonly id: string; readonly address: string }[]): Protocol<V, State>;
  newWatch(): LogWatch<V, State>;
  standing(state: Readonly<State>): Standing;
}

/** The part of a member's disk that its owner uses. */
export type OwnedStore = Pick<
  LogStore<never>,
  "snapshotsKept" | "find" | "content" | "save" | "hasSnapshot" | "incoming"
>;

/** A group that replicates a log and carries a machine, with the clients of a workload. */
export class ReplicatedGroup<V extends LogVocabulary, State> implements Group {
  readonly cluster: Cluster<Vocabulary, unknown>;
  readonly #group: Cluster<V, State>;
  readonly #parts: LogProtocol<V, State>;
  readonly #replicas = new Map<Member<V, State>, Replica>();
  readonly #agreement: Agreement;
  readonly #reference: Reference;
  readonly #machine: SessionMachine;
  readonly #clients: Clients;
  readonly #watch: LogWatch<V, State>;
  readonly #random: Random;
  #undecided = 0;
  #restores = 0;
  /** Memberships committed. */
  #changes = 0;
  /** Transfers after which the one that was to lead does. */
  #handovers = 0;

  constructor(parts: LogProtocol<V, State>, plan: Plan, workload: Workload, trace: Trace) {
    this.#parts = parts;
    this.#watch = parts.newWatch();
    this.#random = newRandom(plan.seed + 1);
    this.#machine = withSessions(workload.machine);
    this.#reference = new Reference(this.#machine, snapshotEvery);
    this.#agreement = new Agreement((index, entry) => {
      if (entry.kind === "members") this.#changes++;
      this.#reference.apply(index, entry);
    });
    const members = plan.members.map(({ id }) => ({ id, address: `${id}:1` }));
    this.#group = new Cluster({
      protocol: parts.protocol(members),
      members: plan.members,
      world: plan.world,
      seed: plan.seed,
      watch: this.#watch,
      owner: (member, state) => this.#own(member, state),
      trace,
    });
    this.cluster = this.#group as unknown as Cluster<Vocabulary, unknown>;
    this.#clients = new Clients({
      workload,
      machine: this.#machine,
      contacts: this.#contacts(),
      random: forkRandom(this.#random),
      mode: plan.members[0]?.options.leases === true ? "lease" : "quorum",
    });
    for (const { id } of plan.members) this.#group.start(id);
  }

  #contacts(): { readonly now: number; replicas(): readonly Replica[]; after(ms: number, run: () => void): void } {
    const group = this.#group;
    return {
      get now() {
        return group.now;
      },
      replicas: () => {
        const present = group.members.filter((member) => member.isUp && this.#isParticipant(member));
        return present.map((member) => this.#replica(member));
      },
      after: (ms, run) => group.queue.after(ms, run),
    };
  }

  #standing(member: Member<V, State>): Standing {
    return this.#parts.standing(member.state);
  }

  #isParticipant(member: Member<V, State>): boolean {
    const { isRemoved, membership } = this.#standing(member);
    return !isRemoved && participantsOf(membership).some(({ id }) => id === member.id);
  }

  #replica(member: Member<V, State>): Replica {
    return this.#replicas.get(member) as Replica; // one is made with each start
  }

  #own(member: Member<V, State>, state: Readonly<State>): Replica {
    const store = member.disk.store as unknown as OwnedStore; // made by the protocol
    const every = ownerOption(member.plan, "snapshotEvery", 4 * snapshotEvery);
    store.snapshotsKept = ownerOption(member.plan, "snapshotsKept", 1);
    const replica = new Replica({
      host: this.#host(member, store),
      machine: this.#machine,
      agreement: this.#agreement,
      reference: this.#reference,
      snapshotEvery: every,
      snapshot: this.#parts.standing(state).snapshot,
    });
    this.#replicas.set(member, replica);
    return replica;
  }

  #host(member: Member<V, State>, store: OwnedStore): ReplicaHost {
    const group = this.#group;
    const { life } = member;
    const alive = (run: () => void) => () => {
      if (member.life === life) run();
    };
    return {
      id: member.id,
      request: (request: LogRequest) => alive(() => group.request(member.id, request))(),
      leave: (request: LogRequest) => alive(() => group.leave(member.id, request))(),
      afterDisk: (run) => group.queue.after(member.disk.delay(), alive(run)),
      losesRead: () => nextBelow(this.#random, 1000) < group.world.lostReads,
      waitFor: (work) => {
        this.#restores++;
        group.waitFor(work);
      },
      stop: () => group.crash(member.id),
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
    const member = this.#group.member(id);
    if (name === "upgrade") return this.#upgrade(member, lastsMs);
    if (!member.isUp) return;
    const { membership } = this.#standing(member);
    const { requests } = this.#replica(member);
    if (name === "burst") return this.#burst(this.#replica(member), pick);
    if (name === "transfer") {
      const to = membership.members[pick % (membership.members.length + 1)]?.id;
      return requests.administer(
        (number) => ({ kind: "transfer", id: number, to }),
        () => void this.#handovers++,
      );
    }
    if (this.#group.members.length >= membersMax || membership.members.length === 0) return;
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
    const removed = this.#group.members.filter(
      (member) => member.isUp && this.#standing(member).isRemoved && !takesPart(membership, member.id),
    );
    const { id } = (pick % 4 > 0 ? removed[pick % removed.length] : undefined) ?? {};
    return id === undefined ? undefined : { id, address: `${id}:1` };
  }

  /** It starts anew with the current version. */
  #upgrade(member: Member<V, State>, lastsMs: number): void {
    this.#group.crash(member.id);
    member.plan = { ...member.plan, options: current(member) };
    this.#group.queue.after(lastsMs, () => {
      if (!member.isUp && !member.isLost) this.#group.start(member.id);
    });
  }

  /** A machine that was never part of the group: alike the others, with a right clock. */
  #join(): { readonly id: string; readonly address: string } {
    const idle = this.#group.members.find((member) => member.isUp && this.#standing(member).isBlank);
    if (idle !== undefined) return { id: idle.id, address: `${idle.id}:1` };
    const id = `n${this.#group.members.length}`;
    this.#group.add({ id, tickMs: 20, clock: 1000, options: current(this.#group.members[0]) });
    this.#group.start(id);
    return { id, address: `${id}:1` };
  }

  #isSound(id: string): boolean {
    const { isLost, disk } = this.#group.member(id);
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
      const { commit, leader } = this.#standing(member);
      if (commit > replica.appliedIndex) return `${member.id} knows more than it applied`;
      if (leader === undefined) return `${member.id} knows no leader`;
      const owed = this.#watch.owed?.(member.id);
      if (owed !== undefined) return owed;
    }
    return undefined;
  }

  /** Those that live and take part, as the newest leader knows them: others may never hear that they do not. */
  #participants(): readonly Member<V, State>[] | undefined {
    const up = this.#group.members.filter((member) => member.isUp);
    const leaders = up.filter((member) => this.#group.leads(member));
    const newest = leaders.sort((one, other) => this.#standing(other).term - this.#standing(one).term)[0];
    return newest && up.filter(({ id }) => takesPart(this.#standing(newest).membership, id));
  }

  judge(): void {
    const verdict = this.#clients.judge();
    this.#undecided = verdict.kind === "unknown" ? 1 : 0;
    invariant(verdict.kind !== "violation", `what clients saw is linearizable\n${verdict.text()}`);
  }

  counts(): Readonly<Record<string, number>> {
    const checks = this.#agreement.checks + this.#watch.checks;
    const sum = (count: (member: Member<V, State>) => number) =>
      this.#group.members.reduce((total, member) => total + count(member), 0);
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
function current(member: { readonly plan: MemberPlan } | undefined): MemberPlan["options"] {
  const { speaks: _old, ...options } = member?.plan.options ?? {};
  return options;
}
