import { invariant } from "../../base/invariant.ts";
import { fromUtf8, toUtf8 } from "../../base/text.ts";
import type { BroadcastEvent, MemberLog } from "../../checker/broadcast/logs.ts";
import type {
  Bytes,
  TotalOrderOutput,
  TotalOrderRequest,
  TotalOrderState,
  TotalOrderVocabulary,
} from "../../protocols/total-order/index.ts";
import type { Owner } from "../protocol.ts";
import type { Ledger } from "./ledger.ts";

/** What an application needs of the machine that it runs on. */
export interface ApplicationHost {
  /** Node and incarnation. */
  readonly name: string;
  /** How long it takes to take in what was delivered. */
  consumeMs(): number;
  state(): Readonly<TotalOrderState>;
  /** Hands a request to the core, `ms` from now, if this process still runs. */
  request(request: TotalOrderRequest, ms: number): void;
  /** The core has ended. */
  ended(hasLeft: boolean): void;
}

type Output<Kind extends TotalOrderOutput["kind"]> = Extract<TotalOrderOutput, { readonly kind: Kind }>;

/** The owner of one process: its state is the list of all messages that the group delivered. */
export class Application implements Owner<TotalOrderVocabulary> {
  readonly name: string;
  /** All messages so far, in order; of a stateless group those since it came. */
  names: string[] = [];
  /** Those that were delivered in the present view, and what comes after them need not be the same elsewhere. */
  #unsettled = 0;
  /** Number of the present view. */
  #view = 0;
  /** For each that was delivered here, the view. */
  readonly #views: number[] = [];
  position = 0;
  group = "";
  hasEnded = false;
  readonly counts: Record<string, number> = {};
  readonly #host: ApplicationHost;
  readonly #ledger: Ledger;
  readonly #isAgreed: boolean;
  readonly #events: BroadcastEvent[] = [];
  readonly #refused = new Set<string>();
  readonly #open = new Map<number, { readonly name: string; readonly done: () => void }>();
  #snapshot: { readonly view: number; readonly bytes: Bytes } | undefined;
  #pieces: Bytes[] = [];
  #ids = 0;

  constructor(host: ApplicationHost, ledger: Ledger, isAgreed: boolean) {
    this.name = host.name;
    this.#host = host;
    this.#ledger = ledger;
    this.#isAgreed = isAgreed;
  }

  /** Multicasts a message of at least `bytes` bytes; `done` once it is known what became of it. */
  multicast(name: string, bytes: number, done: () => void): void {
    const id = ++this.#ids;
    this.#open.set(id, { name, done });
    this.#events.push({ kind: "broadcast", message: name });
    this.#host.request({ kind: "multicast", id, payload: toUtf8(name.padEnd(bytes, ".")) }, 0);
  }

  get openCount(): number {
    return this.#open.size;
  }

  /** What it multicast and delivered, as far as the group stands by it. */
  log(hasCrashed: boolean): MemberLog {
    let settled = this.#events.filter(({ kind }) => kind === "deliver").length;
    if (hasCrashed) settled -= this.#unsettled;
    const events = this.#events.filter(({ kind, message }) => {
      return kind === "broadcast" ? !this.#refused.has(message) : settled-- > 0;
    });
    return { member: this.name, events, hasCrashed };
  }

  ended(): void {
    this.hasEnded = true;
    for (const id of [...this.#open.keys()]) this.#settle(id, "unknown");
  }

  #settle(id: number, what: "delivered" | "refused" | "unknown"): void {
    const call = this.#open.get(id);
    if (call === undefined && this.hasEnded) return; // asked when it had ended
    invariant(call !== undefined, `a multicast comes to one end: ${this.name} #${id}`);
    this.#open.delete(id);
    this.#count(what);
    if (what === "refused") this.#refused.add(call.name);
    call.done();
  }

  #count(name: string): void {
    this.counts[name] = (this.counts[name] ?? 0) + 1;
  }

  take(output: TotalOrderOutput): void {
    switch (output.kind) {
      case "deliver":
        return this.#deliver(output);
      case "view":
        return this.#enter(output);
      case "stateWanted":
        return this.#giveState(output);
      case "state":
        return this.#takeState(output);
      case "refused":
        return this.#settle(output.id, "refused");
      case "unknown":
        return this.#settle(output.id, "unknown");
      case "excluded":
        invariant(output.view > this.#view, `only a later view leaves a member out: ${this.name} in ${this.#view}`);
        return this.#end(false);
      case "left":
        return this.#end(true);
      default:
        this.#count(output.kind);
    }
  }

  #end(hasLeft: boolean): void {
    this.#count(hasLeft ? "leaves" : "exclusions");
    this.ended();
    this.#host.ended(hasLeft);
  }

  #deliver({ group, view, position, payload, id }: Output<"deliver">): void {
    const name = fromUtf8(payload).replace(/\.+$/, "");
    invariant(group === this.group, `messages are of the group that was entered: ${this.name}`);
    invariant(
      position === this.position + 1,
      `deliveries have no gaps: ${this.name} has ${position} after ${this.position}`,
    );
    this.position = position;
    this.names.push(name);
    this.#events.push({ kind: "deliver", message: name });
    this.#count("deliveries");
    if (!this.#isAgreed) this.#ledger.deliver(this.name, group, position, name, view);
    else this.#unsettled++;
    this.#views.push(view);
    if (id !== undefined) {
      invariant(this.#open.get(id)?.name === name, `a member's own messages have their ids: ${this.name} #${id}`);
      this.#settle(id, "delivered");
    }
    this.#host.request({ kind: "consumed", position }, this.#host.consumeMs());
  }

  /** Who installs the next view stands by what it delivered in the last one. */
  settle(): void {
    if (!this.#isAgreed) return;
    const first = this.names.length - this.#unsettled;
    for (const [at, name] of this.names.slice(first).entries()) {
      const position = this.position - this.#unsettled + at + 1;
      this.#ledger.deliver(this.name, this.group, position, name, this.#views.at(at - this.#unsettled) ?? 0);
    }
    this.#unsettled = 0;
  }

  #enter(view: Output<"view">): void {
    const state = this.#host.state();
    this.settle();
    this.group = view.group;
    this.#view = view.number;
    this.#ledger.enter(this.name, view, state.lastDecree);
    if (state.config.stateless && this.#views.length === 0 && this.names.length === 0) this.position = view.position;
    if (view.members.some(({ node, restored }) => node === state.config.node && restored)) {
      invariant(
        this.position === view.position,
        `a view begins where the last one ended: ${this.name} at ${this.position}`,
      );
    }
  }

  #giveState({ view, position, to, offset }: Output<"stateWanted">): void {
    if (this.#snapshot?.view !== view) {
      invariant(offset === 0 && position === this.position, `a state is that of the view's beginning: ${this.name}`);
      this.#snapshot = { view, bytes: toUtf8(this.names.join(" ")) };
    }
    const { bytes } = this.#snapshot;
    const { chunkBytesMax } = this.#host.state().config;
    const piece = bytes.subarray(offset, offset + chunkBytesMax);
    const last = offset + piece.length === bytes.length;
    this.#host.request({ kind: "state", view, to, offset, bytes: piece, last }, this.#host.consumeMs());
  }

  #takeState({ position, offset, bytes, last }: Output<"state">): void {
    if (offset === 0) this.#pieces = [];
    this.#pieces.push(bytes);
    if (!last) return;
    this.#count("transfers");
    const text = this.#pieces.map(fromUtf8).join("");
    const names = text === "" ? [] : text.split(" ");
    const known = this.#ledger.names(this.group, position);
    invariant(names.join(" ") === known.join(" "), `a newcomer's state is what the group delivered: ${this.name}`);
    this.names = names;
    this.position = position;
    this.#events.push(...names.map((message) => ({ kind: "deliver", message }) as const));
    this.#host.request({ kind: "consumed", position }, 0);
  }
}
