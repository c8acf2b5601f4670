import { errorOf, MaelstromError } from "./errors.ts";
import type { Body } from "./messages.ts";

/** How to ask another node. */
export interface RpcOptions {
  /** How long a try waits for the answer, in ms. Default 1000; doubled with each further try, up to 30 s. */
  readonly timeoutMs?: number;
  /**
   * How often to ask at the most, the first time included: again after silence or `temporarily-unavailable`, with the
   * same `msg_id`, so that an answer to any try will do. Default 1. A request is then received more than once, and
   * what an error says of its outcome holds for the try that it answers.
   */
  readonly tries?: number;
  /** Gives up waiting. */
  readonly signal?: AbortSignal;
}

const timeoutMsDefault = 1000;
const timeoutMsMax = 30_000;
/** A timer of JavaScript's that is longer ends at once. */
const timerMsMax = 2 ** 30;

/** Requests that wait for an answer at the most; further ones are refused. */
const pendingMax = 65_536;

interface Pending {
  readonly resolve: (body: Body) => void;
  readonly reject: (error: MaelstromError) => void;
  /** Not now, says the other. */
  readonly putOff: (error: MaelstromError) => void;
}

/** The requests of one node that wait for an answer. */
export class Calls {
  readonly #pending = new Map<number, Pending>();
  #isClosed = false;

  /** Sends by `ask` until request `id` is answered, or until that is given up: rejects with `MaelstromError`. */
  async make(id: number, ask: () => void, options: RpcOptions): Promise<Body> {
    const { timeoutMs = timeoutMsDefault, tries = 1, signal } = options;
    if (this.#isClosed) throw new MaelstromError("temporarily-unavailable", "the node has ended; nothing was asked");
    if (this.#pending.size >= pendingMax) {
      throw new MaelstromError("temporarily-unavailable", `${pendingMax} requests wait for answers; nothing was asked`);
    }
    if (signal?.aborted) throw new MaelstromError("abort", "given up before it was asked");
    return await new Promise<Body>((resolve, reject) => {
      let timer: NodeJS.Timeout | undefined;
      let tried = 0;
      const end = () => {
        clearTimeout(timer);
        signal?.removeEventListener("abort", giveUp);
        this.#pending.delete(id);
      };
      const fail = (error: MaelstromError) => {
        end();
        reject(error);
      };
      const giveUp = () => fail(new MaelstromError("timeout", "given up before an answer came"));
      const again = (waitMs: number, error: () => MaelstromError) => {
        clearTimeout(timer);
        timer = setTimeout(
          () => (tried < tries ? attempt() : fail(error())),
          tried < tries ? jittered(waitMs) : waitMs,
        );
      };
      const attempt = () => {
        const waitMs = Math.min(timeoutMs * 2 ** tried++, Math.max(timeoutMs, timeoutMsMax), timerMsMax);
        ask();
        again(
          waitMs,
          () => new MaelstromError("timeout", `no answer to ${tried} requests, waited ${waitMs} ms for the last`),
        );
      };
      signal?.addEventListener("abort", giveUp, { once: true });
      this.#pending.set(id, {
        resolve: (body) => {
          end();
          resolve(body);
        },
        reject: fail,
        putOff: (error) => (tried < tries ? again(timeoutMs, () => error) : fail(error)),
      });
      attempt();
    });
  }

  /** Takes an answer in; one that nobody waits for (any more) is dropped. */
  settle(body: Body): void {
    const pending = this.#pending.get(body.in_reply_to ?? -1);
    if (pending === undefined) return;
    if (body.type !== "error") return pending.resolve(body);
    const error = errorOf(body);
    if (error.kind === "temporarily-unavailable") pending.putOff(error);
    else pending.reject(error);
  }

  /** No answer comes any more. */
  close(): void {
    this.#isClosed = true;
    for (const { reject } of this.#pending.values()) {
      reject(new MaelstromError("timeout", "the node ended before an answer came"));
    }
  }
}

/** Nodes that were cut off at one moment must not all repeat at another. */
function jittered(ms: number): number {
  return ms * (0.75 + Math.random() / 2);
}
