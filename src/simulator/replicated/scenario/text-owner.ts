import { invariant } from "../../../base/invariant.ts";
import { fromUtf8, toUtf8 } from "../../../base/text.ts";
import type { LogOutput, LogRequest, SnapshotName } from "../../../protocols/replicated-log.ts";
import type { Owner } from "../../protocol.ts";
import type { Agreement } from "../agreement.ts";
import type { OwnedStore } from "../group.ts";
import type { LogVocabulary } from "../replica.ts";
import { nameSnapshot } from "../store.ts";

/** What an owner of texts needs of its member. */
export interface TextHost {
  readonly id: string;
  readonly store: OwnedStore;
  request(request: LogRequest): void;
  afterDisk(run: () => void): void;
  losesRead(): boolean;
  /** Sees every output as it is taken. */
  told(output: LogOutput): void;
}

/** The plainest owner: a list of the texts that were agreed on. Its whole state is that list. */
export class TextOwner implements Owner<LogVocabulary> {
  texts: string[] = [];
  appliedIndex = 0;
  /** It takes in entries, but gives no credit for more. */
  isBusy = false;
  readonly #host: TextHost;
  readonly #agreement: Agreement;

  constructor(host: TextHost, agreement: Agreement, snapshot: SnapshotName | undefined) {
    this.#host = host;
    this.#agreement = agreement;
    if (snapshot !== undefined) this.#restore(snapshot);
  }

  take(output: LogOutput): void {
    this.#host.told(output);
    if (output.kind === "want") return this.#supply(output);
    if (output.kind !== "committed" && output.kind !== "restore") return;
    if (output.kind === "restore") this.#restore(output.snapshot);
    else this.#apply(output);
    if (!this.isBusy) this.giveCredit();
  }

  diskFull(isFull: boolean): void {
    this.#host.request(isFull ? { kind: "resign", reason: "disk-full" } : { kind: "resume" });
  }

  giveCredit(): void {
    this.isBusy = false;
    this.#host.request({ kind: "applied", index: this.appliedIndex });
  }

  /** Snapshots what was applied, unless that is done; `term` is that of the last entry applied. */
  snapshot(term: number): void {
    const index = this.appliedIndex;
    if (index === 0 || this.#host.store.hasSnapshot(index)) return;
    const content = toUtf8(JSON.stringify(this.texts));
    const name = nameSnapshot(index, term, content);
    this.#host.store.save(name, content);
    this.#host.request({ kind: "snapshotTaken", snapshot: name });
  }

  #apply({ from, entries }: Extract<LogOutput, { kind: "committed" }>): void {
    invariant(from === this.appliedIndex + 1, "entries are delivered without gap or repetition");
    for (const entry of entries) {
      this.#agreement.applied(this.#host.id, ++this.appliedIndex, entry);
      if (entry.kind === "payload") this.texts.push(fromUtf8(entry.payload));
    }
  }

  #restore(snapshot: SnapshotName): void {
    const content = this.#host.store.content(snapshot);
    invariant(content !== undefined, "a snapshot to restore is stored");
    this.texts = JSON.parse(fromUtf8(content));
    this.appliedIndex = snapshot.index;
  }

  /** A read of storage sees what was durable at some moment between question and answer. */
  #supply({ want, what }: Extract<LogOutput, { kind: "want" }>): void {
    if (this.#host.losesRead()) return;
    const early = this.#host.store.find(what);
    this.#host.afterDisk(() => {
      const found = want % 2 === 0 ? early : this.#host.store.find(what);
      invariant(found !== "damaged", "no bits flip in scenarios");
      this.#host.request({ kind: "supply", want, found });
    });
  }
}
