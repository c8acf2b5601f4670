import type { NodeEvent } from "../api.ts";

type Listener = (event: never) => void;

/** Hands events to who listens for their kind. A listener that throws is a fault of its owner, and surfaces as one. */
export class Emitter {
  readonly #listeners = new Map<NodeEvent["kind"], Set<Listener>>();

  /** Calls `listener` for each event of this kind, until the returned function is called. */
  on<Kind extends NodeEvent["kind"]>(
    kind: Kind,
    listener: (event: Extract<NodeEvent, { kind: Kind }>) => void,
  ): () => void {
    const listeners = this.#listeners.get(kind) ?? new Set();
    this.#listeners.set(kind, listeners);
    listeners.add(listener);
    return () => listeners.delete(listener);
  }

  /** Whether anyone listens: an event that is costly to build need not be, otherwise. */
  has(kind: NodeEvent["kind"]): boolean {
    return (this.#listeners.get(kind)?.size ?? 0) > 0;
  }

  emit(event: NodeEvent): void {
    for (const listener of this.#listeners.get(event.kind) ?? []) {
      try {
        (listener as (event: NodeEvent) => void)(event);
      } catch (error) {
        queueMicrotask(() => {
          throw error; // outside of the node's own work, which goes on
        });
      }
    }
  }
}
