import { invariant } from "../../src/base/invariant.ts";
import type { RaftCluster } from "./raft-cluster.ts";

interface Asked {
  readonly id: string;
  readonly life: number;
  readonly number: number;
}

/**
 * What a cluster told its owners, held against what happened.
 *
 * Asks on their behalf and remembers; `check` when the cluster has come to rest.
 */
export class RaftPromises {
  readonly #cluster: RaftCluster;
  readonly #proposals: (Asked & { readonly texts: readonly string[] })[] = [];
  /** `floor`: the highest index that any owner had taken in when the read was asked. */
  readonly #reads: (Asked & { readonly floor: number })[] = [];
  answeredReads = 0;

  constructor(cluster: RaftCluster) {
    this.#cluster = cluster;
  }

  propose(id: string, texts: readonly string[]): void {
    const { life } = this.#cluster.host(id);
    this.#proposals.push({ id, life, texts, number: this.#cluster.propose(id, ...texts) });
  }

  read(id: string): void {
    const { life } = this.#cluster.host(id);
    const floor = Math.max(0, ...this.#cluster.invariants.committed.keys());
    this.#reads.push({ id, life, floor, number: this.#cluster.barrier(id) });
  }

  check(): void {
    const agreed = this.#cluster.invariants.payloads;
    for (const id of this.#cluster.ids()) {
      const { applied } = this.#cluster.host(id);
      invariant(applied.join() === agreed.join(), `${id} holds the agreed order, all of it, once`);
    }
    invariant(new Set(agreed).size === agreed.length, "what was proposed once is in the order at most once");
    const committed = new Set(agreed);
    for (const proposal of this.#proposals) this.#checkFate(proposal, committed);
    for (const read of this.#reads) this.#checkRead(read);
  }

  /** Refused and lost ones were never committed, applied ones were; who asked learns one of these, or `unknown`. */
  #checkFate(proposal: Asked & { readonly texts: readonly string[] }, committed: ReadonlySet<string>): void {
    const fate = this.#cluster.fate(proposal.id, proposal.number);
    const last = fate.at(-1) ?? "nothing";
    const told = `${proposal.texts.join()} on ${proposal.id}: ${fate.join()}`;
    const found = proposal.texts.filter((text) => committed.has(text)).length;
    if (last === "applied") invariant(found === proposal.texts.length, `what is said to be applied is: ${told}`);
    if (last === "lost" || last.startsWith("refused")) invariant(found === 0, `what is said to be lost is: ${told}`);
    const isOver = last !== "nothing" && last !== "accepted";
    invariant(isOver || this.#isGone(proposal), `a proposal's fate is told: ${told}`);
  }

  /** A linearizable read shows all that was committed anywhere before it was asked. */
  #checkRead(read: Asked & { readonly floor: number }): void {
    const fate = this.#cluster.fate(read.id, read.number);
    const [word = "", index = ""] = (fate[0] ?? "").split(" ");
    invariant(fate.length === 1 || this.#isGone(read), `a read gets one answer: ${read.number} on ${read.id}: ${fate}`);
    if (word !== "readable") return;
    this.answeredReads++;
    invariant(Number(index) >= read.floor, `a read is not stale: ${read.number} on ${read.id}`);
  }

  /** Whoever asked has crashed since: nobody is owed an answer. */
  #isGone(asked: Asked): boolean {
    return this.#cluster.host(asked.id).life !== asked.life;
  }
}
