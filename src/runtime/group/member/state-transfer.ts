import { type Bytes, noBytes } from "../../../base/bytes.ts";
import { MalformedError } from "../../../base/errors.ts";
import type { TotalOrderOutput, TotalOrderRequest } from "../../../protocols/total-order/index.ts";
import { pieces } from "../../snapshots/pieces.ts";

/** The application's state as bytes: how a newcomer gets it. */
export interface StateBytes {
  /** As of the deliveries taken in so far; what is taken in while the chunks are read must not show in them. */
  get(): Promise<Iterable<Bytes> | AsyncIterable<Bytes>>;
  /** Replaces the state by the one after delivery `position`. */
  set(content: AsyncIterable<Bytes>, position: number): Promise<void>;
}

type Wanted = Extract<TotalOrderOutput, { kind: "stateWanted" }>;
type Arrived = Extract<TotalOrderOutput, { kind: "state" }>;

/** One state, cut into pieces as they are asked for. All newcomers of a view read from the same. */
interface Snapshot {
  readonly view: number;
  source: AsyncGenerator<Bytes, void> | undefined;
  /** What each newcomer asked for last: all before that has arrived there. */
  readonly wanted: Map<string, Wanted>;
  /** Pieces by number; those that have arrived everywhere are dropped. */
  readonly read: Map<number, Bytes>;
  /** Pieces read so far. */
  count: number;
  isWhole: boolean;
}

/** Gives the state to the newcomers of the present view. */
export class StateGiving {
  readonly #state: StateBytes;
  readonly #pieceBytes: number;
  readonly #request: (request: TotalOrderRequest) => void;
  readonly #failed: (error: unknown) => void;
  #snapshot: Snapshot | undefined;
  #turn: Promise<void> = Promise.resolve();

  constructor(
    state: StateBytes,
    pieceBytes: number,
    request: (request: TotalOrderRequest) => void,
    failed: (error: unknown) => void,
  ) {
    this.#state = state;
    this.#pieceBytes = pieceBytes;
    this.#request = request;
    this.#failed = failed;
  }

  /** Another view: its newcomers, if it has some, need a newer state. */
  forget(): void {
    this.#snapshot = undefined;
  }

  /** Answers when the state can be had; `inOrder` has a task done when all before it was taken in. */
  wanted(wanted: Wanted, inOrder: (task: () => Promise<void>) => void): void {
    if (this.#snapshot?.view !== wanted.view) {
      const { view } = wanted;
      const nothing = { wanted: new Map(), read: new Map(), count: 0, isWhole: false };
      const snapshot: Snapshot = { view, source: undefined, ...nothing };
      this.#snapshot = snapshot;
      inOrder(async () => {
        if (this.#snapshot !== snapshot) return; // nobody of that view needs it any more
        snapshot.source = pieces(await this.#state.get(), this.#pieceBytes);
        for (const early of snapshot.wanted.values()) this.#answer(snapshot, early);
      });
    }
    this.#snapshot.wanted.set(wanted.to.node, wanted);
    if (this.#snapshot.source !== undefined) this.#answer(this.#snapshot, wanted);
  }

  /** One after the other: the pieces come from one source. A newcomer that gets no answer is asked for again. */
  #answer(snapshot: Snapshot, { view, to, offset }: Wanted): void {
    const answer = async (): Promise<void> => {
      if (this.#snapshot !== snapshot) return;
      const at = Math.floor(offset / this.#pieceBytes);
      this.#drop(snapshot);
      while (!snapshot.isWhole && snapshot.count <= at + 1) await this.#readOn(snapshot);
      const bytes = snapshot.read.get(at) ?? noBytes;
      this.#request({ kind: "state", view, to, offset, bytes, last: at + 1 >= snapshot.count });
    };
    this.#turn = this.#turn.then(answer).catch(this.#failed);
  }

  async #readOn(snapshot: Snapshot): Promise<void> {
    const next = await snapshot.source?.next();
    if (next === undefined || next.done === true) snapshot.isWhole = true;
    else snapshot.read.set(snapshot.count++, new Uint8Array(next.value));
  }

  /** Lets go of what every newcomer has. */
  #drop({ wanted, read }: Snapshot): void {
    const needed = Math.min(...[...wanted.values()].map(({ offset }) => offset));
    for (const at of read.keys()) {
      if ((at + 1) * this.#pieceBytes > needed) break;
      read.delete(at);
    }
  }
}

/** Gathers the state that this newcomer is given. */
export class StateTaking {
  readonly #bytesMax: number;
  #parts: Bytes[] = [];
  #bytes = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** The whole state with its last piece; `undefined` before. Throws `MalformedError` for one that is too large. */
  take({ offset, bytes, last }: Arrived): AsyncIterable<Bytes> | undefined {
    if (offset === 0) {
      this.#parts = [];
      this.#bytes = 0;
    }
    this.#bytes += bytes.length;
    if (this.#bytes > this.#bytesMax) throw new MalformedError(`a state of more than ${this.#bytesMax} bytes`);
    this.#parts.push(bytes);
    if (!last) return undefined;
    const parts = this.#parts;
    this.#parts = [];
    return {
      async *[Symbol.asyncIterator]() {
        yield* parts;
      },
    };
  }
}
