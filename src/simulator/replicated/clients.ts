import { nextBelow, type Random } from "../../base/random.ts";
import type { Operation } from "../../checker/history.ts";
import { checkLinearizable, type Verdict } from "../../checker/linearizable.ts";
import type { SessionAnswer, SessionCommand } from "../../machines/sessions.ts";
import type { PlannedCall } from "../plans/plan.ts";
import type { Asked, Memory, Workload } from "../workloads/workload.ts";
import type { SessionMachine } from "./machine.ts";
import type { Replica } from "./replica.ts";
import type { Attempt } from "./requests.ts";

/** How long a client waits for one member, between two tries, and altogether before it gives up, in ms. */
const attemptMs = 250;
const pauseMs = 40;
const patienceMs = 700;

/** Steps of the checker at the most. */
const stepsMax = 5_000_000;

/** What the clients see of the group. */
export interface Contacts {
  readonly now: number;
  /** The members that can be asked now. */
  replicas(): readonly Replica[];
  after(ms: number, run: () => void): void;
}

interface Client {
  readonly name: string;
  readonly memory: Memory;
  /** Of its last command. */
  sequence: number;
  /** Who it asks. */
  contact: number;
}

type Call = Asked<unknown, unknown>;

/** A call under way: `mayBeApplied` once any try of it may have been appended. */
interface Open {
  readonly client: Client;
  readonly operation: { -readonly [Key in keyof Operation<Call, unknown>]: Operation<Call, unknown>[Key] };
  readonly startedAt: number;
  readonly done: () => void;
  command: { readonly sequence: number; payload: Uint8Array | undefined } | undefined;
  mayBeApplied: boolean;
}

/**
 * Clients that ask members for what a workload has them ask, and try again elsewhere under the same name.
 *
 * All that they saw is the history; what certainly had no effect is left out, what nobody knows stays unknown.
 */
export class Clients {
  readonly history: Operation<Call, unknown>[] = [];
  readonly counts: Record<"answered" | "unknown" | "dropped" | "retries" | "reads" | "leaseReads", number> = {
    answered: 0,
    unknown: 0,
    dropped: 0,
    retries: 0,
    reads: 0,
    leaseReads: 0,
  };
  /** Nobody gives up any more. */
  isCalm = false;
  readonly #clients = new Map<number, Client>();
  readonly #workload: Workload;
  readonly #machine: SessionMachine;
  readonly #contacts: Contacts;
  readonly #random: Random;
  readonly #mode: "quorum" | "lease";
  #moments = 0;

  constructor(parts: {
    workload: Workload;
    machine: SessionMachine;
    contacts: Contacts;
    random: Random;
    mode: "quorum" | "lease";
  }) {
    this.#workload = parts.workload;
    this.#machine = parts.machine;
    this.#contacts = parts.contacts;
    this.#random = parts.random;
    this.#mode = parts.mode;
  }

  /** Whether one object, used by one client at a time, could have answered all that. */
  judge(): Verdict<unknown, unknown> {
    const { model, call, result } = this.#workload;
    const seen = this.history.map((operation) => ({
      ...operation,
      call: call(operation.call),
      result: operation.returnedAt === undefined ? undefined : result(operation.result),
    }));
    return checkLinearizable(seen, model, { stepsMax });
  }

  call(planned: PlannedCall, done: () => void): void {
    const client = this.#client(planned.client);
    const call = this.#workload.ask(planned.call, client.memory);
    const operation = {
      client: client.name,
      call,
      calledAt: ++this.#moments,
      result: undefined,
      returnedAt: undefined,
    };
    const command = call.kind === "command" ? { sequence: ++client.sequence, payload: undefined } : undefined;
    this.#attempt({ client, operation, startedAt: this.#contacts.now, done, command, mayBeApplied: false });
  }

  #client(number: number): Client {
    const known = this.#clients.get(number);
    if (known !== undefined) return known;
    const client = { name: `c${number}`, memory: new Map(), sequence: 0, contact: nextBelow(this.#random, 64) };
    this.#clients.set(number, client);
    return client;
  }

  /** One try, at one member. */
  #attempt(open: Open): void {
    const replicas = this.#contacts.replicas();
    const replica = replicas[open.client.contact % Math.max(1, replicas.length)];
    if (replica === undefined) return this.#later(open);
    let isOver = false;
    let abandon: () => Attempt | undefined = () => undefined;
    const end = (attempt: Attempt | undefined) => {
      if (isOver) return;
      isOver = true;
      this.#ended(open, attempt);
    };
    this.#contacts.after(attemptMs, () => {
      if (!isOver) end(abandon());
    });
    const { command } = open;
    if (command === undefined) abandon = this.#read(replica, open, end);
    else abandon = replica.requests.submit(open.client.name, command.sequence, this.#payload(open, replica), end);
  }

  #read(replica: Replica, { operation }: Open, end: (attempt: Attempt | undefined) => void): () => undefined {
    this.counts.reads++;
    const { call } = operation;
    const forget = replica.requests.read(this.#mode, (isReadable) => {
      if (!isReadable || call.kind !== "question") return end(undefined);
      if (this.#mode === "lease") this.counts.leaseReads++;
      end({ kind: "answer", answer: { kind: "answer", answer: replica.query(call.question) } });
    });
    return () => void forget();
  }

  /** The same bytes on every try: what it was issued at stays. */
  #payload({ command, client, operation }: Open, replica: Replica): Uint8Array {
    const { call } = operation;
    if (command === undefined || call.kind !== "command") return new Uint8Array(0);
    command.payload ??= this.#machine.command.encode({
      client: client.name,
      sequence: command.sequence,
      settledBelow: command.sequence,
      issuedAt: replica.appliedIndex,
      command: this.#workload.machine.command.encode(call.command),
    } satisfies SessionCommand);
    return command.payload;
  }

  #ended(open: Open, attempt: Attempt | undefined): void {
    if (attempt?.kind === "answer") return this.#answered(open, attempt.answer);
    if (attempt?.mayBeApplied === true) open.mayBeApplied = true;
    if (!this.isCalm && this.#contacts.now - open.startedAt > patienceMs) return this.#giveUp(open);
    this.#later(open);
  }

  /** Somewhere else, a little later. */
  #later(open: Open): void {
    this.counts.retries++;
    open.client.contact++;
    this.#contacts.after(pauseMs, () => this.#attempt(open));
  }

  #answered(open: Open, answer: SessionAnswer<unknown>): void {
    const { operation, client } = open;
    if (answer.kind === "expired" || answer.kind === "mismatch") {
      open.mayBeApplied = true;
      return this.#giveUp(open);
    }
    this.counts.answered++;
    operation.result = answer.kind === "answer" ? answer.answer : answer.message;
    operation.returnedAt = ++this.#moments;
    this.history.push(operation);
    this.#workload.learn?.(operation.call, operation.result, client.memory);
    open.done();
  }

  #giveUp({ operation, mayBeApplied, done }: Open): void {
    if (mayBeApplied) this.history.push(operation);
    this.counts[mayBeApplied ? "unknown" : "dropped"]++;
    done();
  }
}
