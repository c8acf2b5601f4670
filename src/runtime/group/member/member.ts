import type { Bytes } from "../../../base/bytes.ts";
import type { NodeId } from "../../../base/ids.ts";
import { messageBytesMax, type TotalOrderOutput } from "../../../protocols/total-order/index.ts";
import { AbortedError, ClosedError } from "../../errors.ts";
import type { Proposal } from "../../node/proposals.ts";
import { type Patience, Waiters } from "../../node/waiter.ts";
import { MemoryNetwork } from "../../transports/memory.ts";
import { tcpTransport } from "../../transports/tcp/tcp.ts";
import type { LinkStats, Transport } from "../../transports/transport.ts";
import { StateLostError } from "../errors.ts";
import type { MemberConfig } from "../options.ts";
import { Views } from "../views.ts";
import { Credit } from "./credit.ts";
import { Deliveries } from "./deliveries.ts";
import { type Founding, storedFounding, volatileFounding } from "./founding.ts";
import { groupProtocolVersion, Incarnation, newIncarnationNumber } from "./incarnation.ts";
import { Neighbours } from "./neighbours.ts";
import { Seeds } from "./seeds.ts";
import { Sends } from "./sends.ts";
import { type StateBytes, StateGiving, StateTaking } from "./state-transfer.ts";

/** A message of the group, in its place. */
export interface RawDelivery {
  readonly position: number;
  readonly timestamp: number;
  readonly sender: NodeId;
  readonly payload: Bytes;
}

/** Between being left behind and coming back, in ms: doubling, of which a random half is taken. */
const returnMsMin = 500;
const returnMsMax = 30_000;

/** Membership that lasts so long makes the next return quick again, in ms. */
const steadyMs = 60_000;

/** How often it is looked whether what was delivered before is taken in, in ms. */
const patienceMs = 100;

/** How often it is looked, and said, why this process does not take part, in ms. */
const obstacleMs = 3000;

/** How much a leaving member is waited for, in ms: longer than the protocol takes at the most. */
const leaveMsMax = 5000;

/** The same for one that hears no majority, and so cannot leave in agreement with the others, in ms. */
const hopelessMs = 500;

/** What becomes of a group that has lost a majority. */
const remedy =
  "end all that are left of it, and start all as a new group (with a data directory: newGroup, --new-group)";

/** Most bytes of the application's state. */
const stateBytesMax = 2 ** 30;

/**
 * A process in a group: its incarnations one after the other, and what the application has to do with them.
 *
 * Excluded, it comes back as a newcomer when the application has taken in what was delivered before.
 */
export class GroupMember {
  readonly node: NodeId;
  readonly closed: Promise<void>;
  /** Resolves once this process is a member and has the state, for the first time; rejects if it ends before. */
  readonly joined: Promise<void>;
  readonly views: Views = new Views();
  readonly deliveries: Deliveries<RawDelivery>;
  readonly #config: MemberConfig;
  readonly #transport: Transport;
  readonly #neighbours: Neighbours;
  readonly #seeds: Seeds;
  readonly #waiters = new Waiters(() => {});
  readonly #sends: Sends;
  readonly #giving: StateGiving | undefined;
  readonly #state: StateBytes | undefined;
  readonly #credit: Credit;
  readonly #taking = new StateTaking(stateBytesMax);
  #founding: Founding = volatileFounding();
  #incarnation: Incarnation | undefined;
  #lastNumber = 0;
  /** Came in as a newcomer, and the application has not taken over the state. */
  #awaitsState = false;
  /** Since when it is a member and has the state, ms of `performance.now()`; `undefined` before. */
  #joinedAt: number | undefined;
  #returns = 0;
  #returnTimer: NodeJS.Timeout | undefined;
  #obstacleTimer: NodeJS.Timeout | undefined;
  /** What was said to stand in the way, once, until it changes. */
  #obstacle: string | undefined;
  #isClosing = false;
  #ending: Promise<void> | undefined;
  #failure: unknown;
  #gone: () => void = () => {};
  #settleJoined: { resolve: () => void; reject: (error: unknown) => void } = { resolve: noop, reject: noop };
  #settleClosed: { resolve: () => void; reject: (error: unknown) => void } = { resolve: noop, reject: noop };

  constructor(config: MemberConfig, state: StateBytes | undefined) {
    const { node, notice } = config;
    this.node = node;
    this.#config = config;
    this.#state = state;
    this.#transport = config.transport ?? makeTransport(config);
    this.#neighbours = new Neighbours(this.#transport, config.addressOf);
    this.#seeds = new Seeds(config.seeds, node, notice, config.resolve);
    this.#sends = new Sends(this.#waiters, config.valueBytesMax);
    const fail = (error: unknown): void => this.fail(error);
    const consumed = (position: number): void => this.#incarnation?.request({ kind: "consumed", position });
    this.#credit = new Credit(consumed, config.core.unconsumedMax);
    this.deliveries = new Deliveries(({ position, payload }) => this.#credit.taken(position, payload.length), fail);
    const pieceBytes = config.core.chunkBytesMax ?? 2 ** 18;
    this.#giving = state && new StateGiving(state, pieceBytes, (request) => this.#incarnation?.request(request), fail);
    this.joined = new Promise((resolve, reject) => {
      this.#settleJoined = { resolve, reject };
    });
    this.joined.catch(noop);
    this.closed = new Promise((resolve, reject) => {
      this.#settleClosed = { resolve, reject };
    });
    this.closed.catch(noop); // who does not look at it learns of a failure from the deliveries, and from notices
  }

  /** Starts, and resolves once this process is a member of the group and has its state. */
  async join(): Promise<void> {
    try {
      await Promise.all([this.start(), this.joined]); // given up, it waits for nothing more, such as a slow name server
    } catch (error) {
      await this.#end();
      throw error;
    }
  }

  /** Resolves once it listens, and looks for the group; `link` is told of links made and broken. */
  async start(link: (peer: NodeId, up: boolean) => void = noop): Promise<void> {
    const { signal, dataDir, clusterId, newGroup } = this.#config;
    if (signal?.aborted) throw new AbortedError("not-applied", { cause: signal.reason });
    if (dataDir !== undefined) {
      this.#founding = await storedFounding(dataDir, { nodeId: this.node, clusterId }, newGroup);
    }
    await this.#transport.start({
      id: this.node,
      clusterId,
      speaks: groupProtocolVersion,
      receive: (from, frame) => this.#incarnation?.receive(from, frame),
      link: (peer, up) => {
        this.#incarnation?.link(peer, up);
        link(peer, up);
      },
    });
    signal?.addEventListener("abort", this.#aborted);
    if (signal?.aborted) this.#aborted(); // while it was starting
    await this.#seeds.start((seeds) => this.#incarnation?.request({ kind: "seeds", seeds }));
    if (this.#isClosing) return; // given up meanwhile: `joined` says so
    this.#begin();
    this.#obstacleTimer = setInterval(() => this.#tellObstacle(), obstacleMs);
  }

  /** Multicasts on behalf of `proposal`; returns the call that ends the wait. Throws what `Waiters.add` throws. */
  submit(proposal: Proposal, patience: Patience): () => void {
    if (this.#isClosing) throw new ClosedError("not-applied", { cause: this.#failure });
    return this.#sends.submit(proposal, patience);
  }

  /** Callers that wait for something. */
  get waiters(): Waiters {
    return this.#waiters;
  }

  links(): readonly LinkStats[] {
    return this.#transport.stats();
  }

  /** Whether this process takes part at present, and why not. */
  get hindrance(): string | undefined {
    if (this.#failure !== undefined) return "the member broke";
    if (this.#isClosing) return "the member is leaving";
    if (this.views.current?.state === "blocked") return "no majority of the group is heard";
    if (this.#joinedAt === undefined) return "not a member of the group yet, or without its state";
    return undefined;
  }

  /** Leaves once everything multicast here is delivered, or after some seconds. */
  leave(): Promise<void> {
    this.#ending ??= this.#leave();
    return this.#ending;
  }

  /** Stops at once: after a failure nothing that this process says can be trusted. */
  fail(error: unknown): void {
    if (this.#failure !== undefined || this.#ending !== undefined) return;
    this.#failure = error;
    this.#config.notice("warn", "the member has stopped", { error });
    this.#settleJoined.reject(error);
    void this.#end();
  }

  readonly #aborted = (): void => {
    this.#settleJoined.reject(new AbortedError("not-applied", { cause: this.#config.signal?.reason }));
    void this.leave();
  };

  #begin(): void {
    const number = newIncarnationNumber(Date.now(), this.#lastNumber);
    this.#lastNumber = number;
    this.#awaitsState = false;
    const incarnation: Incarnation = new Incarnation(this.#config, number, this.#seeds.nodes, this.#founding, {
      send: (to, frame) => this.#neighbours.send(to, frame),
      output: (output) => {
        if (this.#incarnation === incarnation) this.#take(output);
      },
      failed: (error) => this.fail(error),
    });
    this.#incarnation = incarnation;
    incarnation.start();
  }

  #take(output: TotalOrderOutput): void {
    switch (output.kind) {
      case "deliver": {
        const { position, timestamp, sender, payload, id } = output;
        this.deliveries.push({ position, timestamp, sender: sender.node, payload });
        if (id !== undefined) this.#sends.delivered(id, position);
        return;
      }
      case "view":
        return this.#viewed(output);
      case "stateWanted":
        return this.#giving?.wanted(output, (task) => this.deliveries.pushTask(task));
      case "state":
        return this.#stateArrived(output);
      case "blocked":
        this.#config.notice("warn", "no majority of the group is heard: nothing is delivered", { ...output });
        return this.views.turn("blocked");
      case "unblocked":
        this.#config.notice("info", "a majority of the group is heard again", {});
        return this.views.turn("normal");
      case "excluded":
        return this.#excluded();
      case "left":
        return this.#gone();
      case "stateLost":
        return this.fail(new StateLostError());
      case "groupGone": {
        const text =
          "a group was founded from here before, and nobody of it is heard: if it is gone for good, start all";
        return this.#config.notice("warn", `${text} members with newGroup (--new-group)`, { ...output });
      }
      case "foreignGroup": {
        const text = `${output.node} belongs to another group of this name: two were founded, and nothing merges them`;
        return this.#config.notice("warn", text, { ...output });
      }
      case "refused":
        return this.#sends.refused(output.id, output.reason);
      case "unknown":
        return this.#sends.unknown(output.id);
    }
  }

  #viewed({ group, number, members, joined, left, position }: Extract<TotalOrderOutput, { kind: "view" }>): void {
    this.#giving?.forget();
    const names = (list: readonly { readonly node: NodeId }[]): NodeId[] => list.map(({ node }) => node);
    this.views.tell({
      ...{ state: "normal", group, number, position },
      ...{ members: names(members), joined: names(joined), left: names(left) },
    });
    const own = members.find(({ node }) => node === this.node);
    this.#awaitsState ||= this.#state !== undefined && own?.restored !== true;
    if (!this.#awaitsState) this.#joined();
  }

  #stateArrived(arrived: Extract<TotalOrderOutput, { kind: "state" }>): void {
    const content = this.#taking.take(arrived);
    if (content === undefined) return;
    const incarnation = this.#incarnation;
    this.deliveries.pushTask(async () => {
      await this.#state?.set(content, arrived.position);
      if (this.#incarnation !== incarnation) return;
      this.#awaitsState = false;
      this.#credit.now(arrived.position);
      this.#joined();
    });
  }

  #joined(): void {
    if (this.#joinedAt !== undefined) return;
    this.#joinedAt = performance.now();
    this.#sends.begin((request) => this.#incarnation?.request(request));
    this.#settleJoined.resolve();
  }

  /** Says what may be in the way of who waits for the group. */
  #tellObstacle(): void {
    const obstacle = this.#findObstacle();
    if (obstacle !== undefined && obstacle !== this.#obstacle) this.#config.notice("info", obstacle, {});
    this.#obstacle = obstacle;
  }

  #findObstacle(): string | undefined {
    const incarnation = this.#incarnation;
    if (incarnation === undefined || this.#isClosing) return undefined;
    const { isMember, contacts, restarted } = incarnation;
    if (isMember) {
      const { members = [] } = this.views.current ?? {};
      if (2 * restarted.length >= members.length && restarted.length > 0) {
        return `${restarted.join(", ")} started anew and knew nothing more, so too few of ${members.join(", ")} are left to go on: ${remedy}`;
      }
      return this.#joinedAt === undefined ? "a member of the group, and waiting for its state" : undefined;
    }
    if (contacts.length > 0) {
      return `a group is heard at ${contacts.toSorted().join(", ")}, but has not taken this member in yet: most of its members must hear each other, and it must have room. If most were ended before others had joined, it never will: ${remedy}`;
    }
    const hint = "one is founded once a majority of the seeds runs, and each can reach the others";
    return `no group yet at ${this.#seeds.nodes.join(", ")}: ${hint}`;
  }

  #excluded(): void {
    const former = this.#incarnation;
    this.#incarnation = undefined;
    void former?.stop();
    this.#sends.end();
    this.#giving?.forget();
    if (this.#joinedAt !== undefined && performance.now() - this.#joinedAt >= steadyMs) this.#returns = 0;
    this.#joinedAt = undefined;
    const delayMs = Math.min(returnMsMin * 2 ** this.#returns++, returnMsMax) * (0.5 + Math.random() / 2);
    this.#config.notice("warn", "the group went on without this member, which comes back as a newcomer", { delayMs });
    this.views.turn("excluded");
    this.#gone();
    this.#returnIn(delayMs);
  }

  #returnIn(delayMs: number): void {
    if (this.#isClosing) return;
    this.#returnTimer = setTimeout(() => {
      if (this.deliveries.isIdle) this.#begin();
      else this.#returnIn(patienceMs);
    }, delayMs);
  }

  async #leave(): Promise<void> {
    this.#isClosing = true;
    if (this.#incarnation !== undefined && this.views.current !== undefined) {
      const left = new Promise<void>((resolve) => {
        this.#gone = resolve;
      });
      const patience = this.views.current.state === "blocked" ? hopelessMs : leaveMsMax;
      const late = new Promise<void>((resolve) => setTimeout(resolve, patience).unref());
      this.#incarnation.request({ kind: "leave" });
      await Promise.race([left, late]);
    }
    await this.#shutDown();
  }

  #end(): Promise<void> {
    this.#ending ??= this.#shutDown();
    return this.#ending;
  }

  async #shutDown(): Promise<void> {
    this.#isClosing = true;
    this.#config.signal?.removeEventListener("abort", this.#aborted);
    this.#settleJoined.reject(new ClosedError("not-applied", { cause: this.#failure }));
    clearTimeout(this.#returnTimer);
    clearInterval(this.#obstacleTimer);
    this.#credit.stop();
    this.#seeds.stop();
    this.#neighbours.close();
    this.#waiters.close(this.#failure);
    const last = this.#incarnation;
    this.#incarnation = undefined;
    this.deliveries.close(this.#failure);
    this.views.close();
    try {
      await last?.stop();
      await this.#transport.close();
      await this.#founding.close();
    } catch (error) {
      this.#failure ??= error;
    }
    if (this.#failure === undefined) this.#settleClosed.resolve();
    else this.#settleClosed.reject(this.#failure);
  }
}

function makeTransport({ listen, notice, tls }: MemberConfig): Transport {
  if (listen === undefined) return new MemoryNetwork().transport("alone"); // nobody to talk to
  return tcpTransport({ listen, notice, tls, frameBytesMax: messageBytesMax });
}

function noop(): void {
  // nothing to do
}
