import type { RaftState } from "../../protocols/raft/index.ts";
import { takesPart } from "../../protocols/replicated-log.ts";
import { ClosedError, DiskFullError, RemovedError } from "../errors.ts";
import type { Emitter } from "./emitter.ts";

/** What keeps a node from serving, and who is told when that changes. */
export class Health {
  readonly #state: () => Readonly<RaftState>;
  readonly #emitter: Emitter;
  #isHealthy = false;
  isDiskFull = false;
  isClosing = false;
  /** A committed membership without this node. */
  isRemoved = false;
  /** What broke the node. */
  failure: unknown;

  constructor(state: () => Readonly<RaftState>, emitter: Emitter) {
    this.#state = state;
    this.#emitter = emitter;
  }

  /** Why nothing can be served; `undefined` if it can. */
  get hindrance(): string | undefined {
    if (this.failure !== undefined) return "the node broke";
    if (this.isClosing) return "the node is closing";
    if (this.isRemoved) return "this node was removed from the cluster";
    if (this.isDiskFull) return "the disk is full";
    const { leader, membership, log, config } = this.#state();
    if (leader !== undefined) return undefined;
    if (takesPart(membership, config.id)) return "no leader is known";
    return log.configurations.some((earlier) => takesPart(earlier.membership, config.id))
      ? "this node seems to have been removed from the cluster, and waits for a member to say so"
      : "this node takes no part in the cluster yet: a member must add it";
  }

  /** Tells whoever listens, if it has changed. */
  check(): void {
    const reason = this.hindrance;
    const healthy = reason === undefined;
    if (healthy === this.#isHealthy) return;
    this.#isHealthy = healthy;
    this.#emitter.emit({ kind: "health", healthy, reason: reason ?? `${this.#state().leader} leads` });
  }

  /** Throws `ClosedError` or `RemovedError` if no request can be taken any more. */
  checkOpen(): void {
    if (this.failure !== undefined) throw new ClosedError("not-applied", { cause: this.failure });
    if (this.isClosing) throw new ClosedError("not-applied");
    if (this.isRemoved) throw new RemovedError(this.#state().config.id);
  }

  /** Throws `DiskFullError` if this node falls behind the others for want of room. */
  checkRoom(): void {
    if (this.isDiskFull) throw new DiskFullError("the data directory");
  }
}
