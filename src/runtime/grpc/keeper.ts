import { constants, type Http2Session, type ServerHttp2Session } from "node:http2";

/** How connections are kept, and what is not borne on them. */
export interface KeeperOptions {
  /** Silence of the other end after which it is asked whether it is there. */
  readonly keepaliveMs: number;
  /** Time it has to answer. */
  readonly keepaliveTimeoutMs: number;
}

/** Pings that come sooner after the one before than they may, until the connection is ended. */
const strikesMax = 2;

/** Asks a silent connection for a sign of life, and destroys it when there is none. Returns the call that ends this. */
export function keepAlive(session: Http2Session, options: KeeperOptions, lost: () => void): () => void {
  const { keepaliveMs, keepaliveTimeoutMs } = options;
  let deadline: NodeJS.Timeout | undefined;
  const ask = setInterval(() => {
    if (deadline !== undefined || session.destroyed) return;
    // A process that was itself stopped finds its timers due before it has read what came meanwhile.
    deadline = setTimeout(() => setImmediate(() => deadline && lost()), keepaliveTimeoutMs);
    const isSent = session.ping((error) => {
      clearTimeout(deadline);
      deadline = undefined;
      if (error !== null && !session.destroyed) lost();
    });
    if (isSent) return;
    clearTimeout(deadline); // as many are under way as may be
    deadline = undefined;
  }, keepaliveMs);
  ask.unref();
  return () => {
    clearInterval(ask);
    clearTimeout(deadline);
  };
}

/** Ends a connection whose other end pings more often than it may while it is sent nothing. */
export class PingGuard {
  readonly #session: ServerHttp2Session;
  readonly #intervalMs: number;
  #lastMs = Number.NEGATIVE_INFINITY;
  #strikes = 0;

  constructor(session: ServerHttp2Session, intervalMs: number) {
    this.#session = session;
    this.#intervalMs = intervalMs;
    session.on("ping", () => this.#count());
  }

  /** Something was sent, which a client may measure its way by. */
  forgive(): void {
    this.#strikes = 0;
    this.#lastMs = Number.NEGATIVE_INFINITY;
  }

  #count(): void {
    const now = performance.now();
    const isEarly = now - this.#lastMs < this.#intervalMs;
    this.#lastMs = now;
    if (!isEarly || ++this.#strikes <= strikesMax || this.#session.destroyed) return;
    this.#session.goaway(constants.NGHTTP2_ENHANCE_YOUR_CALM, 0, Buffer.from("too_many_pings"));
    setImmediate(() => this.#session.destroy());
  }
}
