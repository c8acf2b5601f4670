import type { NodeId } from "../../base/ids.ts";
import { unreachable } from "../../base/invariant.ts";
import type { Core, Input } from "../core.ts";
import { receiveDigest, tickSync } from "./anti-entropy.ts";
import { hear, hint, tickPeer, tickProbe } from "./links/liveness.ts";
import { tickSchedule } from "./links/schedule.ts";
import { arrange, rebuild, receiveReports } from "./links/tree.ts";
import type { GossipMessage, GossipVocabulary } from "./messages.ts";
import { completeOptions, type GossipOptions } from "./options.ts";
import { receiveBatch, submit, takeKnows } from "./rumours.ts";
import { sendDue } from "./sending.ts";
import { takeCover, tickStability } from "./stability.ts";
import { type GossipOutbox, type GossipState, newState } from "./state.ts";

/**
 * One member of a group where every payload submitted anywhere is delivered everywhere, once and in no order.
 *
 * Pure: the host carries messages and tells the time. All state is in memory: nothing is ever persisted.
 */
export class Gossip implements Core<GossipVocabulary, GossipState> {
  #state: GossipState;

  constructor(options: GossipOptions) {
    this.#state = newState(completeOptions(options));
    arrange(this.#state, this.#state.topology);
  }

  /** A member that goes on from `state`, once inspected and copied since; it owns the copy. */
  static resume(state: GossipState): Gossip {
    const gossip = new Gossip(state.config);
    gossip.#state = state;
    return gossip;
  }

  inspect(): Readonly<GossipState> {
    return this.#state;
  }

  step(inputs: readonly Input<GossipVocabulary>[], _now: number, out: GossipOutbox): void {
    const state = this.#state;
    for (const input of inputs) take(state, input, out);
    if (state.isTreeStale) rebuild(state);
    for (const peer of state.peers.values()) sendDue(state, peer, out);
  }
}

function take(state: GossipState, input: Input<GossipVocabulary>, out: GossipOutbox): void {
  switch (input.kind) {
    case "receive":
      return receive(state, input.from, input.message, out);
    case "request":
      if (input.request.kind === "submit") return submit(state, input.request, out);
      return arrange(state, input.request.topology);
    case "link": {
      const peer = state.peers.get(input.peer);
      return peer && hint(state, peer, input.up, out);
    }
    case "tick":
      return tick(state, out);
    case "persisted":
      return; // nothing is ever stored
    default:
      return unreachable(input);
  }
}

/** Who is not a member says nothing here. */
function receive(state: GossipState, from: NodeId, message: GossipMessage, out: GossipOutbox): void {
  const peer = state.peers.get(from);
  if (peer === undefined || !hear(state, peer, message, out)) return;
  switch (message.kind) {
    case "batch":
      return receiveBatch(state, peer, message, out);
    case "ack":
      takeKnows(state, peer, message.knows, out);
      return message.cover && takeCover(state, peer, message.cover);
    case "digest":
      return receiveDigest(state, peer, message, out);
    case "reports":
      return receiveReports(state, message.reports);
    default:
      return unreachable(message);
  }
}

function tick(state: GossipState, out: GossipOutbox): void {
  for (const peer of state.peers.values()) tickPeer(state, peer, out);
  tickProbe(state, out);
  tickSchedule(state);
  tickStability(state);
  tickSync(state, out);
}
