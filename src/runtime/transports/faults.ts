import type { Bytes } from "../../base/bytes.ts";
import type { NodeId } from "../../base/ids.ts";
import { OptionError } from "../errors.ts";
import { realTimers, type Timers } from "./timers.ts";
import type { LinkStats, Transport } from "./transport.ts";

/** Most bytes, and frames, held back for one peer; further ones are dropped and counted. */
const heldBytesMax = 64 * 1024 * 1024;
const heldFramesMax = 65_536;

const delayMsMax = 60_000;

/** What happens to frames on their way out to `peer`. */
export type FaultRule =
  | { readonly peer: NodeId; readonly cut: true }
  /** Every frame leaves this much later, in order; 0 to 60,000. */
  | { readonly peer: NodeId; readonly delayMs: number };

/** A transport whose outgoing ways can be disturbed. */
export interface FaultyTransport extends Transport {
  /** These rules and no others. A peer without a rule gets at once what was held back for it. Throws `OptionError`. */
  setFaults(rules: readonly FaultRule[]): void;
}

/**
 * Cuts and delays frames in front of a real transport; for `quorate cluster` and tests.
 *
 * The links below stay as they are, so no hint of a broken link is made up: a cut is silence, as a dead cable would be.
 */
export function withFaults(inner: Transport, timers: Timers = realTimers): FaultyTransport {
  const ways = new Map<NodeId, Way>();
  return {
    ...(inner.encoding && { encoding: inner.encoding }),
    start: (owner) => inner.start(owner),
    setMembers: (members) => inner.setMembers(members),
    send: (to, frame) => {
      const way = ways.get(to);
      if (way) way.send(frame);
      else inner.send(to, frame);
    },
    setFaults: (rules) => {
      for (const rule of rules) checkRule(rule);
      const ruled = new Map(rules.map((rule) => [rule.peer, rule]));
      for (const peer of new Set([...ways.keys(), ...ruled.keys()])) {
        const way = ways.get(peer) ?? new Way(peer, inner, timers);
        ways.set(peer, way);
        way.obey(ruled.get(peer));
      }
    },
    stats: () => inner.stats().map((link) => ways.get(link.peer)?.addTo(link) ?? link),
    close: () => {
      for (const way of ways.values()) way.stop();
      return inner.close();
    },
  };
}

function checkRule(rule: FaultRule): void {
  if ("cut" in rule || (rule.delayMs >= 0 && rule.delayMs <= delayMsMax)) return;
  throw new OptionError("delayMs", `must be 0 to ${delayMsMax}, is ${rule.delayMs}`);
}

interface Held {
  readonly frame: Bytes;
  dueMs: number;
}

/** The disturbed way to one peer. */
class Way {
  readonly #peer: NodeId;
  readonly #inner: Transport;
  readonly #timers: Timers;
  #rule: FaultRule | undefined;
  #held: Held[] = [];
  #heldBytes = 0;
  #dropped = 0;
  #cancelTimer: (() => void) | undefined;

  constructor(peer: NodeId, inner: Transport, timers: Timers) {
    this.#peer = peer;
    this.#inner = inner;
    this.#timers = timers;
  }

  obey(rule: FaultRule | undefined): void {
    this.#rule = rule;
    if (rule && "cut" in rule) {
      this.stop();
      return;
    }
    const latestMs = this.#timers.now() + (rule?.delayMs ?? 0);
    for (const held of this.#held) held.dueMs = Math.min(held.dueMs, latestMs); // frames to come must not overtake
    this.#release();
  }

  send(frame: Bytes): void {
    if (!this.#rule) {
      this.#inner.send(this.#peer, frame);
    } else if ("cut" in this.#rule) {
      this.#dropped++;
    } else if (this.#held.length >= heldFramesMax || this.#heldBytes + frame.length > heldBytesMax) {
      this.#dropped++;
    } else {
      this.#held.push({ frame, dueMs: this.#timers.now() + this.#rule.delayMs });
      this.#heldBytes += frame.length;
      this.#arm();
    }
  }

  /** What is held back is lost, as on a way that breaks. */
  stop(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    this.#dropped += this.#held.length;
    this.#held = [];
    this.#heldBytes = 0;
  }

  addTo(link: LinkStats): LinkStats {
    return {
      ...link,
      framesDropped: link.framesDropped + this.#dropped,
      bytesQueued: link.bytesQueued + this.#heldBytes,
    };
  }

  #arm(): void {
    const first = this.#held[0];
    if (!first || this.#cancelTimer) return;
    this.#cancelTimer = this.#timers.after(Math.max(0, first.dueMs - this.#timers.now()), () => {
      this.#release();
    });
  }

  #release(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    const nowMs = this.#timers.now();
    const later = this.#held.findIndex((held) => held.dueMs > nowMs);
    const due = this.#held.splice(0, later < 0 ? this.#held.length : later);
    for (const { frame } of due) {
      this.#heldBytes -= frame.length;
      this.#inner.send(this.#peer, frame);
    }
    this.#arm();
  }
}
