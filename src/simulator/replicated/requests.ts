import type { Bytes } from "../../base/bytes.ts";
import type { SessionAnswer } from "../../machines/sessions.ts";
import type { LogOutput, LogRequest, Reason } from "../../protocols/replicated-log.ts";
import type { Agreement } from "./agreement.ts";

/** How one try of a client at one member ended. */
export type Attempt =
  | { readonly kind: "answer"; readonly answer: SessionAnswer<unknown> }
  /** Not answered here; `mayBeApplied`: some copy of it may have been appended. */
  | { readonly kind: "failed"; readonly mayBeApplied: boolean };

/** A command that a client handed to this member. */
interface Ticket {
  readonly client: string;
  readonly sequence: number;
  readonly payload: Bytes;
  readonly done: (attempt: Attempt) => void;
  /** The number of the present try; 0 while it waits for a leader. */
  id: number;
  mayBeApplied: boolean;
}

/** A read on its way: `floor` is the highest index that anybody had applied when it was asked. */
interface Read {
  readonly mode: "quorum" | "lease";
  readonly floor: number;
  readonly done: (isReadable: boolean) => void;
}

type Answer = Extract<LogOutput, { kind: "accepted" | "refused" | "settled" }>;

/** Sees requests through elections and refusals as the runtime does, and holds what it is told against what is so. */
export class Requests {
  readonly #host: { readonly id: string; request(request: LogRequest): void };
  readonly #agreement: Agreement;
  #numbers = 0;
  readonly #tickets = new Map<number, Ticket>();
  /** Where tries were accepted whose fate was not told yet: they may outlive their tickets. */
  readonly #accepted = new Map<number, { readonly term: number; readonly index: number }>();
  readonly #byName = new Map<string, Ticket>();
  #parked = new Set<Ticket>();
  readonly #administered = new Map<number, () => void>();
  readonly #reads = new Map<number, Read>();
  #parkedReads: Read[] = [];
  /** Reads that wait until this member has applied through an index. */
  #readable: { readonly index: number; readonly read: Read }[] = [];

  constructor(host: { readonly id: string; request(request: LogRequest): void }, agreement: Agreement) {
    this.#host = host;
    this.#agreement = agreement;
  }

  /** Hands in an encoded session command; returns the call that ends the try. */
  submit(client: string, sequence: number, payload: Bytes, done: (attempt: Attempt) => void): () => Attempt {
    const ticket: Ticket = { client, sequence, payload, done, id: 0, mayBeApplied: false };
    this.#byName.set(`${client} ${sequence}`, ticket);
    this.#try(ticket);
    return () => {
      this.#end(ticket);
      return { kind: "failed", mayBeApplied: ticket.mayBeApplied || ticket.id !== 0 };
    };
  }

  /** Asks for a barrier; true once a local read is linearizable, false when it is refused. */
  read(mode: "quorum" | "lease", done: (isReadable: boolean) => void): () => void {
    const read: Read = { mode, floor: this.#agreement.highest, done };
    this.#ask(read);
    return () => this.#forget(read);
  }

  /** Asks for what an operator would, under a number of its own: `done` once it is told that it came about. */
  administer(ask: (id: number) => LogRequest, done: () => void = () => {}): void {
    const id = ++this.#numbers;
    this.#administered.set(id, done);
    this.#host.request(ask(id));
  }

  #ask(read: Read): void {
    const id = ++this.#numbers;
    this.#reads.set(id, read);
    this.#host.request({ kind: "barrier", id, mode: read.mode });
  }

  #forget(read: Read): void {
    for (const [id, other] of this.#reads) if (other === read) this.#reads.delete(id);
    this.#parkedReads = this.#parkedReads.filter((other) => other !== read);
    this.#readable = this.#readable.filter((other) => other.read !== read);
  }

  #try(ticket: Ticket): void {
    this.#tickets.delete(ticket.id);
    this.#parked.delete(ticket);
    ticket.id = ++this.#numbers;
    this.#tickets.set(ticket.id, ticket);
    this.#host.request({ kind: "propose", id: ticket.id, payloads: [ticket.payload] });
  }

  #end(ticket: Ticket): void {
    this.#byName.delete(`${ticket.client} ${ticket.sequence}`);
    this.#parked.delete(ticket);
    this.#tickets.delete(ticket.id);
  }

  /** What the core says about one of ours. */
  take(output: Answer): void {
    const read = this.#reads.get(output.id);
    if (read !== undefined && output.kind === "refused") {
      this.#reads.delete(output.id);
      if (output.reason === "no-leader") this.#parkedReads.push(read);
      else read.done(false);
      return;
    }
    if (output.kind === "accepted") this.#accepted.set(output.id, { term: output.term, index: output.index });
    if (output.kind === "settled") this.#hold(output.id, output.outcome);
    if (output.kind === "settled" && output.outcome === "applied") this.#administered.get(output.id)?.();
    const ticket = this.#tickets.get(output.id);
    if (ticket === undefined || output.kind === "accepted") return;
    if (output.kind === "refused") return this.#refused(ticket, output.reason);
    if (output.outcome === "applied") return; // its answer comes with the entry
    if (output.outcome === "unknown") ticket.mayBeApplied = true;
    this.#try(ticket);
  }

  /** What is told of a proposal's fate must be so, and stay so. */
  #hold(id: number, outcome: "applied" | "lost" | "unknown"): void {
    const accepted = this.#accepted.get(id);
    this.#accepted.delete(id);
    if (accepted === undefined || outcome === "unknown") return;
    const { index, term } = accepted;
    if (outcome === "applied") this.#agreement.acknowledged(this.#host.id, index, term);
    else this.#agreement.lost(this.#host.id, index, term);
  }

  #refused(ticket: Ticket, reason: Reason): void {
    this.#tickets.delete(ticket.id);
    ticket.id = 0;
    if (reason === "no-leader") this.#parked.add(ticket);
    else this.#fail(ticket);
  }

  #fail(ticket: Ticket): void {
    this.#end(ticket);
    ticket.done({ kind: "failed", mayBeApplied: ticket.mayBeApplied });
  }

  /** A command was applied here: whoever waits for it has its answer. */
  answered(client: string, sequence: number, answer: SessionAnswer<unknown>): void {
    const ticket = this.#byName.get(`${client} ${sequence}`);
    if (ticket === undefined) return;
    this.#end(ticket);
    ticket.done({ kind: "answer", answer });
  }

  readable(ids: readonly number[], index: number): void {
    for (const id of ids) {
      const read = this.#reads.get(id);
      if (read === undefined) continue;
      this.#reads.delete(id);
      this.#agreement.readable(this.#host.id, read.floor, index);
      this.#readable.push({ index, read });
    }
  }

  /** Everything through `index` is applied here. */
  applied(index: number): void {
    if (this.#readable.length === 0) return;
    const ready = this.#readable.filter((each) => each.index <= index);
    this.#readable = this.#readable.filter((each) => each.index > index);
    for (const { read } of ready) read.done(true);
  }

  /** A leader is known: what waited for one is tried. */
  leaderKnown(): void {
    for (const ticket of [...this.#parked]) this.#try(ticket);
    const reads = this.#parkedReads;
    this.#parkedReads = [];
    for (const read of reads) this.#ask(read);
  }

  /** Answers may have passed us by: everything is tried again. */
  repeatAll(): void {
    for (const ticket of [...this.#tickets.values()]) {
      ticket.mayBeApplied = true; // the try under way may have been appended, and nothing more is heard of it
      this.#try(ticket);
    }
  }

  /** The process ends: what it was asked has no answer. */
  end(): void {
    const tickets = [...this.#byName.values()];
    const reads = [...this.#reads.values(), ...this.#parkedReads, ...this.#readable.map(({ read }) => read)];
    for (const ticket of tickets) {
      this.#end(ticket);
      ticket.done({ kind: "failed", mayBeApplied: ticket.mayBeApplied || ticket.id !== 0 });
    }
    for (const read of reads) read.done(false);
  }
}
