import type { FaultRule } from "../../runtime/transports/faults.ts";
import type { ObjectsNode } from "../../services/objects.ts";
import type { ChildEvent, ChildMessage, SupervisorMessage } from "../cluster/child.ts";
import type { FaultSource } from "./assembly.ts";

/** A node's side of the channel to the supervisor that started it. */
export class Lifeline implements FaultSource {
  /** Resolves when the supervisor is gone: a node of a local cluster does not outlive it. */
  readonly cut: Promise<void>;
  /** Resolves once the supervisor has said which faults to begin with. */
  readonly told: Promise<void>;
  #rules: readonly FaultRule[] = [];
  #apply: (rules: readonly FaultRule[]) => void = () => undefined;

  constructor() {
    this.cut = new Promise((resolve) => {
      process.once("disconnect", () => resolve());
      if (!process.connected) resolve();
    });
    this.told = new Promise((resolve) => {
      process.on("message", ({ rules }: SupervisorMessage) => {
        this.#rules = rules;
        this.#apply(rules);
        resolve();
      });
    });
  }

  subscribe(apply: (rules: readonly FaultRule[]) => void): void {
    this.#apply = apply;
    apply(this.#rules);
  }

  /** Reports that the node is up, who leads, and from when on it serves in each of its own terms. */
  report(url: string, node: ObjectsNode): void {
    this.#send({ kind: "ready", url });
    const say = (event: ChildEvent): void => this.#send({ kind: "event", event });
    let leading = new AbortController();
    const role = (event: Extract<ChildEvent, { kind: "role" }>): void => {
      leading.abort();
      say(event);
      if (event.role !== "leader") return;
      leading = new AbortController();
      void serves(node, leading.signal).then((isServing) => {
        if (isServing) say({ kind: "commit", index: node.status().commit });
      });
    };
    node.on("leader", say);
    node.on("role", role);
    const { term, leader, role: now } = node.status();
    role({ kind: "role", role: now, term });
    say({ kind: "leader", leader, term });
  }

  /** Reports that this node has no more part in the cluster, and need not be started again. */
  removed(): void {
    this.#send({ kind: "removed" });
  }

  #send(message: ChildMessage): void {
    // A supervisor that goes away meanwhile shows as `cut`.
    if (process.connected) process.send?.(message, undefined, undefined, () => undefined);
  }
}

/** Resolves once a leader commits, or answers a read: when idle it need not commit anything. False: `signal` came. */
function serves(node: ObjectsNode, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    const settle = (): void => {
      endCommits();
      resolve(!signal.aborted);
    };
    const endCommits = node.on("commit", settle);
    signal.addEventListener("abort", settle);
    const question = { machine: "kv", question: { kind: "list", prefix: "", limit: 1 } } as const;
    node.read(question, { timeoutMs: Number.POSITIVE_INFINITY, signal }).then(settle, () => {}); // then it may commit
  });
}
