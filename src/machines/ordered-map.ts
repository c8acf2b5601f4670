/** Children of a branch, or entries of a leaf, at most: small nodes are cheap to copy, large ones make a flat tree. */
const fanout = 32;

/** Who holds a node's mark may change the node in place; everyone else copies it first. */
type Owner = object;

interface Leaf<Key, Value> {
  readonly kind: "leaf";
  readonly owner: Owner;
  readonly keys: Key[];
  readonly items: Value[];
}

interface Branch<Key, Value> {
  readonly kind: "branch";
  readonly owner: Owner;
  /** From the second on: at most every key in the item of the same place, and above every key in the items before. */
  readonly keys: Key[];
  readonly items: Node<Key, Value>[];
}

type Node<Key, Value> = Leaf<Key, Value> | Branch<Key, Value>;

/** The entries of a map as of some moment, in key order, as often as one likes. */
export interface Cut<Key, Value> extends Iterable<readonly [Key, Value]> {
  readonly size: number;
}

/**
 * A map in key order that can be cut: a B-tree whose nodes are copied only if a cut may still show them.
 *
 * Making a cut costs nothing, any number may be in use, and none needs closing; after a cut, each node is copied when
 * it is first changed. Operations take O(log n). Values must not be changed in place, or the change shows in cuts.
 */
export class OrderedMap<Key, Value> {
  readonly #compare: (left: Key, right: Key) => number;
  #owner: Owner = {};
  #root: Node<Key, Value> = emptyLeaf<Key, Value>(this.#owner);
  #size = 0;

  constructor(compare: (left: Key, right: Key) => number) {
    this.#compare = compare;
  }

  get size(): number {
    return this.#size;
  }

  get(key: Key): Value | undefined {
    const leaf = this.#leafFor(key);
    return leaf.items[this.#placeIn(leaf, key)];
  }

  has(key: Key): boolean {
    return this.#placeIn(this.#leafFor(key), key) >= 0;
  }

  set(key: Key, value: Value): void {
    const left = this.#mine(this.#root);
    const right = this.#insert(left, key, value);
    this.#root = right === undefined ? left : joinedBy(this.#owner, left, right);
  }

  /** Whether the key was there. */
  delete(key: Key): boolean {
    if (!this.has(key)) return false;
    let root = this.#mine(this.#root);
    this.#remove(root, key);
    while (root.kind === "branch" && root.items.length <= 1) root = root.items[0] ?? emptyLeaf<Key, Value>(this.#owner);
    this.#root = root;
    this.#size--;
    return true;
  }

  /** Entries from `start` on, or all. The map must not change before they are read: for that there is `cut`. */
  *entriesFrom(start?: Key): Generator<readonly [Key, Value]> {
    for (const leaf of this.#leavesFrom(this.#root, start)) {
      const { keys, items } = leaf;
      for (let at = start === undefined ? 0 : this.#firstNotBefore(keys, start); at < keys.length; at++) {
        yield [keys[at] as Key, items[at] as Value];
      }
    }
  }

  /** The entries as they are now, to be read at leisure while the map goes on changing. */
  cut(): Cut<Key, Value> {
    const frozen = new OrderedMap<Key, Value>(this.#compare);
    frozen.#root = this.#root;
    frozen.#size = this.#size;
    this.#owner = {}; // from here on no node of the old tree is ours
    return { size: frozen.size, [Symbol.iterator]: () => frozen.entriesFrom() };
  }

  #insert(node: Node<Key, Value>, key: Key, value: Value): Node<Key, Value> | undefined {
    if (node.kind === "leaf") return this.#insertIntoLeaf(node, key, value);
    const at = this.#childFor(node, key);
    const right = this.#insert(this.#ownChild(node, at), key, value);
    if (right === undefined) return undefined;
    node.keys.splice(at + 1, 0, right.keys[0] as Key);
    node.items.splice(at + 1, 0, right);
    return split(node, at + 1);
  }

  #insertIntoLeaf(leaf: Leaf<Key, Value>, key: Key, value: Value): Leaf<Key, Value> | undefined {
    const at = this.#firstAfter(leaf.keys, key, 0);
    if (this.#isAt(leaf.keys, at - 1, key)) {
      leaf.items[at - 1] = value;
      return undefined;
    }
    leaf.keys.splice(at, 0, key);
    leaf.items.splice(at, 0, value);
    this.#size++;
    return split(leaf, at);
  }

  /** Nodes are dropped when empty, not merged when sparse: nearly as compact in practice, and half the code. */
  #remove(node: Node<Key, Value>, key: Key): void {
    let at = this.#firstAfter(node.keys, key, node.kind === "leaf" ? 0 : 1) - 1;
    if (node.kind === "branch") {
      const child = this.#ownChild(node, at);
      this.#remove(child, key);
      if (child.items.length > 0) at = -1;
    }
    if (at < 0) return;
    node.keys.splice(at, 1);
    node.items.splice(at, 1);
  }

  #mine<Kind extends Node<Key, Value>>(node: Kind): Kind {
    if (node.owner === this.#owner) return node;
    return { ...node, owner: this.#owner, keys: node.keys.slice(), items: node.items.slice() };
  }

  #ownChild(branch: Branch<Key, Value>, at: number): Node<Key, Value> {
    const child = this.#mine(branch.items[at] as Node<Key, Value>);
    branch.items[at] = child;
    return child;
  }

  *#leavesFrom(node: Node<Key, Value>, start: Key | undefined): Generator<Leaf<Key, Value>> {
    if (node.kind === "leaf") return yield node;
    const first = start === undefined ? 0 : this.#childFor(node, start);
    for (let at = first; at < node.items.length; at++) {
      yield* this.#leavesFrom(node.items[at] as Node<Key, Value>, at === first ? start : undefined);
    }
  }

  #leafFor(key: Key): Leaf<Key, Value> {
    let node = this.#root;
    while (node.kind === "branch") node = node.items[this.#childFor(node, key)] as Node<Key, Value>;
    return node;
  }

  #childFor(branch: Branch<Key, Value>, key: Key): number {
    return this.#firstAfter(branch.keys, key, 1) - 1;
  }

  /** Where the key is; negative if nowhere. */
  #placeIn(leaf: Leaf<Key, Value>, key: Key): number {
    const at = this.#firstAfter(leaf.keys, key, 0) - 1;
    return this.#isAt(leaf.keys, at, key) ? at : -1;
  }

  #firstNotBefore(keys: readonly Key[], key: Key): number {
    const after = this.#firstAfter(keys, key, 0);
    return this.#isAt(keys, after - 1, key) ? after - 1 : after;
  }

  #isAt(keys: readonly Key[], at: number, key: Key): boolean {
    return at >= 0 && this.#compare(keys[at] as Key, key) === 0;
  }

  /** The first place, `from` or later, whose key comes after `key`; the end if there is none. */
  #firstAfter(keys: readonly Key[], key: Key, from: number): number {
    let low = from;
    let high = keys.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#compare(keys[middle] as Key, key) <= 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function emptyLeaf<Key, Value>(owner: Owner): Leaf<Key, Value> {
  return { kind: "leaf", owner, keys: [], items: [] };
}

function joinedBy<Key, Value>(owner: Owner, left: Node<Key, Value>, right: Node<Key, Value>): Branch<Key, Value> {
  return { kind: "branch", owner, keys: [left.keys[0] as Key, right.keys[0] as Key], items: [left, right] };
}

/**
 * Moves the upper part of a node that became too large to a new one; only the newcomer if it is last, so that rising
 * keys fill nodes.
 */
function split<Kind extends Leaf<Key, Value> | Branch<Key, Value>, Key, Value>(
  node: Kind,
  newcomer: number,
): Kind | undefined {
  const { keys, items } = node;
  if (keys.length <= fanout) return undefined;
  const at = newcomer === fanout ? fanout : keys.length >>> 1;
  return { ...node, keys: keys.splice(at), items: items.splice(at) };
}
