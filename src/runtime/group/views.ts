import type { NodeId } from "../../base/ids.ts";
import { AbortedError } from "../errors.ts";

/** What a member sees of its group, at one moment. */
export interface GroupView {
  /**
   * `normal`: messages are delivered. `blocked`: no majority of the view is heard, so none are. `excluded`: the others
   * went on without this process, which is on its way back as a newcomer.
   */
  readonly state: "normal" | "blocked" | "excluded";
  /** Tells groups apart that were founded one after the other under one name. */
  readonly group: string;
  readonly number: number;
  /** The members' addresses, in order. */
  readonly members: readonly NodeId[];
  /** By comparison with the view before. */
  readonly joined: readonly NodeId[];
  readonly left: readonly NodeId[];
  /** Messages delivered in the group before this view. */
  readonly position: number;
}

/** Views that wait for one reader at the most; the oldest are left out for a slower one. */
const waitingMax = 64;

/** The views of a member, told to any number of readers. */
export class Views {
  #current: GroupView | undefined;
  readonly #readers = new Set<{ waiting: GroupView[]; wake: () => void }>();
  #isClosed = false;

  /** The newest; `undefined` before the first. */
  get current(): GroupView | undefined {
    return this.#current;
  }

  tell(view: GroupView): void {
    this.#current = view;
    for (const { waiting, wake } of this.#readers) {
      waiting.push(view);
      if (waiting.length > waitingMax) waiting.shift();
      wake();
    }
  }

  /** The same view, in another state. */
  turn(state: GroupView["state"]): void {
    if (this.#current === undefined || this.#current.state === state) return;
    this.tell({ ...this.#current, state, joined: [], left: [] });
  }

  /** Ends all readers, once they have seen what waits for them. */
  close(): void {
    this.#isClosed = true;
    for (const { wake } of this.#readers) wake();
  }

  /** The present view, and then each change. */
  async *read(signal?: AbortSignal): AsyncGenerator<GroupView, void, undefined> {
    const reader = { waiting: this.#current === undefined ? [] : [this.#current], wake: () => {} };
    const wake = (): void => reader.wake();
    this.#readers.add(reader);
    signal?.addEventListener("abort", wake);
    try {
      for (;;) {
        if (signal?.aborted) throw new AbortedError("not-applied", { cause: signal.reason });
        const view = reader.waiting.shift();
        if (view !== undefined) yield view;
        else if (this.#isClosed) return;
        else {
          await new Promise<void>((resolve) => {
            reader.wake = resolve;
          });
        }
      }
    } finally {
      this.#readers.delete(reader);
      signal?.removeEventListener("abort", wake);
    }
  }
}
