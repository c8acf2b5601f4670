/** What a `Recency` keeps in order: it owns these two fields. */
export interface Ranked<Item> {
  older: Item | undefined;
  newer: Item | undefined;
}

/**
 * Items in the order of their last use, each step in constant time.
 *
 * A linked list, because a Map used as a queue gets slow: finding its first entry passes over all that were deleted
 * before it.
 */
export class Recency<Item extends Ranked<Item>> {
  #oldest: Item | undefined;
  #newest: Item | undefined;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get oldest(): Item | undefined {
    return this.#oldest;
  }

  /** Puts a new item last. */
  add(item: Item): void {
    item.older = this.#newest;
    item.newer = undefined;
    if (this.#newest === undefined) this.#oldest = item;
    else this.#newest.newer = item;
    this.#newest = item;
    this.#size++;
  }

  remove(item: Item): void {
    if (item.older === undefined) this.#oldest = item.newer;
    else item.older.newer = item.newer;
    if (item.newer === undefined) this.#newest = item.older;
    else item.newer.older = item.older;
    item.older = undefined; // a dropped item must not keep its former neighbours alive
    item.newer = undefined;
    this.#size--;
  }

  /** Puts an item of the list last. */
  use(item: Item): void {
    if (item === this.#newest) return;
    this.remove(item);
    this.add(item);
  }

  /** All items as they stand now, oldest first. */
  toArray(): Item[] {
    const items = new Array<Item>(this.#size);
    let at = 0;
    for (let item = this.#oldest; item !== undefined; item = item.newer) items[at++] = item;
    return items;
  }
}
