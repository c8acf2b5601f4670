import { invariant } from "../../base/invariant.ts";
import { nextBelow, type Random } from "../../base/random.ts";
import type { Body } from "../network/message.ts";
import { effectOf, keyOf, type Stored } from "./key-value.ts";
import type { Service } from "./service.ts";

interface Replica {
  /** A Lamport clock: it moves with writes and merges alone, so replicas run apart. */
  clock: number;
  readonly values: Map<string, { readonly stored: Stored; readonly timestamp: number }>;
}

/** `lww-kv`: any replica answers, now and then one learns from another, and the later timestamp wins. */
export class LastWriteWinsStore implements Service {
  readonly #random: Random;
  readonly #replicas: readonly Replica[];

  constructor(random: Random, replicaCount = 2) {
    this.#random = random;
    this.#replicas = Array.from({ length: replicaCount }, () => ({ clock: 0, values: new Map() }));
  }

  answer(_client: string, request: Body): Body {
    merge(this.#any(), this.#any());
    const replica = this.#any();
    const key = keyOf(request);
    const { reply, write } = effectOf(request, replica.values.get(key)?.stored);
    if (write !== undefined) replica.values.set(key, { stored: write, timestamp: replica.clock++ });
    return reply;
  }

  #any(): Replica {
    const replica = this.#replicas[nextBelow(this.#random, this.#replicas.length)];
    invariant(replica !== undefined, "there is a replica");
    return replica;
  }
}

function merge(source: Replica, target: Replica): void {
  if (source === target) return;
  target.clock = Math.max(source.clock, target.clock);
  for (const [key, version] of source.values) {
    if ((target.values.get(key)?.timestamp ?? -1) <= version.timestamp) target.values.set(key, version);
  }
}
