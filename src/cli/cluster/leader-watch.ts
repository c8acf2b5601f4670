/** A node began to lead and has committed in its term; `stoppedMs` is how long no write could be acknowledged. */
export interface LeaderChange {
  readonly node: string;
  readonly term: number;
  /** Unknown for the first leader, and when the old one was not missed. */
  readonly stoppedMs: number | undefined;
}

/**
 * Follows who leads from what the nodes report.
 *
 * `stoppedMs` runs from the loss of the old leader as it is noticed (its process ended or was paused, it stepped down,
 * or its successor missed it) to the first commit of the new one. A cut link is noticed late, by a follower's timeout.
 */
export class LeaderWatch {
  #current: { readonly node: string; readonly term: number } | undefined;
  #elected: { readonly node: string; readonly term: number } | undefined;
  #goneAt: number | undefined;
  readonly #missedAt = new Map<string, number>();

  /** Who leads and can commit, as far as known. */
  get leader(): string | undefined {
    return this.#goneAt === undefined ? this.#current?.node : undefined;
  }

  /** `node` says that it leads `term`; it counts once it has committed something. */
  elected(node: string, term: number): void {
    if (term > Math.max(this.#current?.term ?? 0, this.#elected?.term ?? 0)) this.#elected = { node, term };
  }

  /** `node` committed: for a newly elected one the moment from which on it serves. */
  committed(node: string, now: number): LeaderChange | undefined {
    if (this.#elected?.node !== node) return undefined;
    const since = Math.min(
      this.#goneAt ?? Number.POSITIVE_INFINITY,
      this.#missedAt.get(node) ?? Number.POSITIVE_INFINITY,
    );
    const stoppedMs = this.#current === undefined || since > now ? undefined : now - since;
    this.#current = this.#elected;
    this.#elected = undefined;
    this.#goneAt = undefined;
    this.#missedAt.clear();
    return { ...this.#current, stoppedMs };
  }

  /** `node` cannot lead any more: it ended, was paused, or stepped down. */
  gone(node: string, now: number): void {
    if (this.#elected?.node === node) this.#elected = undefined;
    if (this.#current?.node === node) this.#goneAt ??= now;
  }

  /** `node` runs again after a pause; if nobody took over, it still leads. */
  resumed(node: string): void {
    if (this.#current?.node === node && this.#elected === undefined) this.#goneAt = undefined;
  }

  /** `node` knows no leader. */
  missed(node: string, now: number): void {
    if (!this.#missedAt.has(node)) this.#missedAt.set(node, now);
  }

  /** `node` knows a leader. */
  follows(node: string): void {
    this.#missedAt.delete(node);
  }
}
