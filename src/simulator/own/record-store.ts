import type { Bytes, Codec } from "../../base/bytes.ts";
import type { Vocabulary } from "../../protocols/core.ts";
import type { Store } from "../protocol.ts";

/** All records that a member ever made durable, in order, as bytes. */
export class RecordStore<V extends Vocabulary> implements Store<V> {
  isDamaged = false;
  readonly #codec: Codec<V["record"]>;
  readonly #stored: Bytes[] = [];

  constructor(codec: Codec<V["record"]>) {
    this.#codec = codec;
  }

  isApart(): boolean {
    return false;
  }

  encode(record: V["record"]): Bytes {
    return this.#codec.encode(record);
  }

  put(_: readonly V["record"][], encoded: readonly Bytes[]): void {
    this.#stored.push(...encoded);
  }

  /** A flipped bit is found by the checksums of whoever stores records: here it is enough to know of it. */
  flip(): boolean {
    this.isDamaged = this.#stored.length > 0;
    return this.isDamaged;
  }

  /** What a member that starts finds. */
  records(): V["record"][] {
    return this.#stored.map((bytes) => this.#codec.decode(bytes));
  }
}
