import type { NodeBase } from "../../runtime/api.ts";
import type { FaultRule } from "../../runtime/transports/faults.ts";
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

  /** Reports that the node serves, who leads, and the first commit of each of its own terms. */
  report(url: string, node: NodeBase): void {
    this.#send({ kind: "ready", url });
    const say = (event: ChildEvent): void => this.#send({ kind: "event", event });
    let endCommits = (): void => undefined;
    const role = (event: Extract<ChildEvent, { kind: "role" }>): void => {
      endCommits();
      say(event);
      if (event.role !== "leader") return;
      endCommits = node.on("commit", (commit) => {
        endCommits();
        say(commit);
      });
    };
    node.on("leader", say);
    node.on("role", role);
    const { term, leader, role: now } = node.status();
    role({ kind: "role", role: now, term });
    say({ kind: "leader", leader, term });
    if (now === "leader") say({ kind: "commit", index: node.status().commit });
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
