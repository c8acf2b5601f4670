import type { NodeId } from "../../base/ids.ts";
import { takesPart } from "../../protocols/replicated-log.ts";
import { ClosedError, DiskFullError, RemovedError } from "../errors.ts";
import type { Standing } from "../protocols/log-protocol.ts";
import type { Emitter } from "./emitter.ts";

/** What keeps a node from serving, and who is told when that changes. */
export class Health {
  readonly #id: NodeId;
  readonly #standing: () => Standing;
  readonly #emitter: Emitter;
  #isHealthy = false;
  isDiskFull = false;
  isClosing = false;
  /** A committed membership without this node. */
  isRemoved = false;
  /** What broke the node. */
  failure: unknown;

  constructor(id: NodeId, standing: () => Standing, emitter: Emitter) {
    this.#id = id;
    this.#standing = standing;
    this.#emitter = emitter;
  }

  /** Why nothing can be served; `undefined` if it can. */
  get hindrance(): string | undefined {
    if (this.failure !== undefined) return "the node broke";
    if (this.isClosing) return "the node is closing";
    if (this.isRemoved) return "this node was removed from the cluster";
    if (this.isDiskFull) return "the disk is full";
    const { leader, membership, tookPart } = this.#standing();
    if (leader !== undefined) return undefined;
    if (takesPart(membership, this.#id)) return "no leader is known";
    return tookPart
      ? "this node seems to have been removed from the cluster, and waits for a member to say so"
      : "this node takes no part in the cluster yet: a member must add it";
  }

  /** Tells whoever listens, if it has changed. */
  check(): void {
    const reason = this.hindrance;
    const healthy = reason === undefined;
    if (healthy === this.#isHealthy) return;
    this.#isHealthy = healthy;
    this.#emitter.emit({ kind: "health", healthy, reason: reason ?? `${this.#standing().leader} leads` });
  }

  /** Throws `ClosedError` or `RemovedError` if no request can be taken any more. */
  checkOpen(): void {
    if (this.failure !== undefined) throw new ClosedError("not-applied", { cause: this.failure });
    if (this.isClosing) throw new ClosedError("not-applied");
    if (this.isRemoved) throw new RemovedError(this.#id);
  }

  /** Throws `DiskFullError` if this node falls behind the others for want of room. */
  checkRoom(): void {
    if (this.isDiskFull) throw new DiskFullError("the data directory");
  }
}
