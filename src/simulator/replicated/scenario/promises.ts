import { invariant } from "../../../base/invariant.ts";

/** What promises need to see of a scenario. */
export interface Told {
  /** Members by id, and how often each has started or ended. */
  readonly cluster: { member(id: string): { readonly life: number } };
  readonly agreed: readonly string[];
  ids(): string[];
  texts(id: string): readonly string[];
  fate(id: string, number: number): string[];
}

interface Asked {
  readonly id: string;
  readonly life: number;
  readonly number: number;
}

/** What a cluster told its owners, held against what happened. `check` when the cluster has come to rest. */
export class Promises {
  readonly #told: Told;
  readonly #proposals: (Asked & { readonly texts: readonly string[] })[] = [];
  /** `floor`: the highest index that any owner had taken in when the read was asked. */
  readonly #reads: (Asked & { readonly floor: number })[] = [];
  answeredReads = 0;

  constructor(told: Told) {
    this.#told = told;
  }

  proposed(id: string, number: number, texts: readonly string[]): void {
    this.#proposals.push({ id, life: this.#told.cluster.member(id).life, number, texts });
  }

  asked(id: string, number: number, floor: number): void {
    this.#reads.push({ id, life: this.#told.cluster.member(id).life, number, floor });
  }

  /** Every text proposed was another. */
  check(): void {
    const { agreed } = this.#told;
    for (const id of this.#told.ids()) {
      const isWhole = this.#told.texts(id).join() === agreed.join();
      invariant(isWhole, `${id} holds the agreed order, all of it, once`);
    }
    invariant(new Set(agreed).size === agreed.length, "what was proposed once is in the order at most once");
    const committed = new Set(agreed);
    for (const proposal of this.#proposals) this.#checkFate(proposal, committed);
    for (const read of this.#reads) this.#checkRead(read);
  }

  /** Refused and lost ones were never committed, applied ones were; who asked learns one of these, or `unknown`. */
  #checkFate(proposal: Asked & { readonly texts: readonly string[] }, committed: ReadonlySet<string>): void {
    const fate = this.#told.fate(proposal.id, proposal.number);
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
    const fate = this.#told.fate(read.id, read.number);
    const [word = "", index = ""] = (fate[0] ?? "").split(" ");
    invariant(fate.length === 1 || this.#isGone(read), `a read gets one answer: ${read.number} on ${read.id}: ${fate}`);
    if (word !== "readable") return;
    this.answeredReads++;
    invariant(Number(index) >= read.floor, `a read is not stale: ${read.number} on ${read.id}`);
  }

  /** Whoever asked has crashed since: nobody is owed an answer. */
  #isGone(asked: Asked): boolean {
    return this.#told.cluster.member(asked.id).life !== asked.life;
  }
}
