import type { NodeId } from "../../../base/ids.ts";
import {
  type LogOutput,
  type LogRequest,
  type Membership,
  type Reason,
  takesPart,
} from "../../../protocols/replicated-log.ts";
import {
  AbortedError,
  BehindError,
  BusyError,
  ChangeUnderWayError,
  ClosedError,
  DiskFullError,
  InvalidChangeError,
  NotLeaderError,
  OperatingError,
  OutcomeUnknownError,
  TransferFailedError,
  UnsupportedError,
} from "../../errors.ts";
import type { Standing } from "../../protocols/log-protocol.ts";
import type { Patience, Waiter, Waiters } from "../waiter.ts";
import { applyChange, isSameMembership, type MembershipChange } from "./membership-change.ts";

/** What the core says about requests. */
type Answer = Extract<LogOutput, { kind: "accepted" | "refused" | "settled" }>;

type Kind = "change" | "transfer";

interface Ticket extends Waiter {
  readonly kind: Kind;
  /** Of a change: where its first entry stands, once it is accepted. */
  index: number | undefined;
  /** Of a change: the membership that is in force, while no leader is known. */
  reached: Membership | undefined;
  readonly done: (membership: Membership | undefined) => void;
  readonly failed: (error: OperatingError) => void;
}

/** What changes need of their node. */
export interface ChangesHost {
  request(request: LogRequest): void;
  nextId(): number;
  readonly id: NodeId;
  standing(): Standing;
  /** Most voters that the protocol takes. */
  readonly votersMax: number;
  /** Resolves if this node leads, or knows who does. */
  confirm(patience: Patience): Promise<unknown>;
  /** Members that are known to speak an older version of the protocol. */
  laggards(): readonly NodeId[];
}

/** Requests about who takes part and who leads: asked of this member alone, and never repeated by it. */
export class Changes {
  readonly #host: ChangesHost;
  readonly #waiters: Waiters;
  readonly #tickets = new Map<number, Ticket>();

  constructor(host: ChangesHost, waiters: Waiters) {
    this.#host = host;
    this.#waiters = waiters;
  }

  /** Resolves with the membership reached, once it is committed and no change is under way any more. */
  async change(change: MembershipChange, patience: Patience): Promise<Membership> {
    if (this.#isReached(change)) {
      await this.#host.confirm(patience); // still the leader, so there is no newer membership
      if (this.#isReached(change)) return this.#membership();
    }
    const { members, learners } = applyChange(this.#membership(), change);
    const { votersMax } = this.#host;
    if (members.length > votersMax)
      throw new InvalidChangeError(`at most ${votersMax} members vote with this protocol`);
    const reached = await this.#ask("change", patience, (id) => ({ kind: "change", id, members, learners }));
    return reached ?? { members, learners, outgoing: [] };
  }

  /** Of the leader alone: others may not know the newest. */
  #membership(): Membership {
    const { role, leader, membership } = this.#host.standing();
    if (role !== "leader") throw new NotLeaderError(leader);
    return membership;
  }

  #isReached(change: MembershipChange): boolean {
    const now = this.#membership();
    return now.outgoing.length === 0 && isSameMembership(now, applyChange(now, change));
  }

  /** Hands over to whoever is best, if this member leads; if nobody can take over, then not. */
  async handOver(timeoutMs: number): Promise<void> {
    const { role, membership } = this.#host.standing();
    if (role !== "leader" || membership.members.every(({ id }) => id === this.#host.id)) return;
    try {
      await this.transfer(undefined, { timeoutMs });
    } catch (error) {
      if (!(error instanceof OperatingError)) throw error; // otherwise the others elect one, as after a crash
    }
  }

  /** Resolves once another member leads: `to`, or whoever was most up to date. */
  async transfer(to: NodeId | undefined, patience: Patience): Promise<void> {
    if (this.#host.standing().role === "leader" && to === this.#host.id) return;
    await this.#ask("transfer", patience, (id) => ({ kind: "transfer", id, to }));
  }

  #ask(
    kind: Kind,
    { signal, timeoutMs }: Patience,
    requestOf: (id: number) => LogRequest,
  ): Promise<Membership | undefined> {
    return new Promise((resolve, reject) => {
      const id = this.#host.nextId();
      const startedAt = performance.now();
      const end = (finish: () => void): void => {
        this.#tickets.delete(id);
        this.#waiters.remove(ticket);
        finish();
      };
      const fail = (error: OperatingError): void => end(() => reject(error));
      const ticket: Ticket = {
        kind,
        startedAt,
        deadline: startedAt + timeoutMs,
        signal,
        index: undefined,
        reached: undefined,
        done: (membership) => end(() => resolve(membership)),
        failed: fail,
        expire: (waitedMs) => fail(new OutcomeUnknownError(waitedMs)),
        abort: (cause) => fail(new AbortedError("unknown", { cause })),
        abandon: (cause) => fail(new ClosedError("unknown", { cause })),
      };
      this.#waiters.add(ticket);
      this.#tickets.set(id, ticket);
      this.#host.request(requestOf(id));
    });
  }

  /** Takes what the core says; true when it was about one of ours. */
  take(output: Answer): boolean {
    const ticket = this.#tickets.get(output.id);
    if (ticket === undefined) return false;
    switch (output.kind) {
      case "accepted":
        ticket.index = output.index;
        return true;
      case "refused":
        ticket.failed(this.#errorOf(ticket.kind, output.reason, output.leader));
        return true;
      case "settled":
        this.#settled(ticket, output.outcome);
        return true;
    }
  }

  /** A change is done only when nothing of it is left to do: a voter that leaves counts until then. */
  membership({ index, membership, isCommitted }: Extract<LogOutput, { kind: "membership" }>): void {
    if (!isCommitted || membership.outgoing.length > 0) return;
    for (const ticket of this.#tickets.values()) {
      if (ticket.index !== undefined && ticket.index <= index) ticket.reached = membership;
    }
    if (this.#host.standing().leader !== undefined || !takesPart(membership, this.#host.id)) this.leaderKnown();
  }

  /** This member was told that it takes part no more: what it was asked for by then is in force. */
  removed(index: number): void {
    for (const ticket of [...this.#tickets.values()]) {
      if (ticket.index !== undefined && ticket.index <= index) ticket.done(this.#host.standing().membership);
    }
  }

  /** New members may begin by agreeing on who leads them: a change is over when that is known, too. */
  leaderKnown(): void {
    for (const ticket of [...this.#tickets.values()]) if (ticket.reached !== undefined) ticket.done(ticket.reached);
  }

  #settled(ticket: Ticket, outcome: "applied" | "lost" | "unknown"): void {
    if (outcome === "unknown") return ticket.failed(new OutcomeUnknownError(performance.now() - ticket.startedAt));
    if (outcome === "lost") {
      return ticket.failed(ticket.kind === "transfer" ? new TransferFailedError() : new NotLeaderError(undefined));
    }
    if (ticket.kind === "transfer") ticket.done(undefined);
  }

  #errorOf(kind: Kind, reason: Reason, leader: NodeId | undefined): OperatingError {
    switch (reason) {
      case "not-leader":
      case "no-leader":
        return new NotLeaderError(leader);
      case "changing":
        return new ChangeUnderWayError();
      case "behind":
        return new BehindError();
      case "unsupported":
        return new UnsupportedError(this.#host.laggards());
      case "disk-full":
        return new DiskFullError("the data directory");
      case "stopping":
        return new ClosedError("not-applied");
      case "busy":
        return new BusyError();
      case "invalid":
      case "too-large":
        return new InvalidChangeError(
          kind === "transfer"
            ? "who is to lead must be a voter"
            : "there must be voters, none twice, and a new one must have been a learner",
        );
    }
  }
}
