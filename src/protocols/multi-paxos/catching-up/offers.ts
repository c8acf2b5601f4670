import type { NodeId } from "../../../base/ids.ts";
import { type Found, isSameSnapshot } from "../../replicated-log.ts";
import { baseOf } from "../log/facts.ts";
import type { Of } from "../messages.ts";
import { openWant, type PaxosOutbox, type PaxosState, sendAhead } from "../state.ts";

/** What was asked for is behind our snapshot: says which there is, and what the order says as of it (Q4). */
export function offerSnapshot(state: PaxosState, to: NodeId, out: PaxosOutbox): void {
  const { snapshot, facts } = state;
  if (snapshot === undefined) return;
  sendAhead(state, to, { kind: "offer", snapshot, base: baseOf(facts, snapshot.index) }, out);
}

/** Somebody asks for a piece of a snapshot: storage is asked for it, if we have that very one. */
export function answerFetch(state: PaxosState, from: NodeId, message: Of<"fetch">, out: PaxosOutbox): void {
  const { snapshot, config, wants } = state;
  if (snapshot === undefined || !isSameSnapshot(snapshot, message.snapshot)) return offerSnapshot(state, from, out);
  const what = { kind: "chunk", snapshot, offset: message.offset, bytesMax: config.chunkBytesMax } as const;
  for (const open of wants.values()) {
    if (open.peer === from && open.what.kind === "chunk" && open.what.offset === message.offset) return;
  }
  openWant(state, from, what, out);
}

/** Sends the piece that storage found; of one that is gone, what there is instead. */
export function serveChunk(
  state: PaxosState,
  to: NodeId,
  asked: Of<"fetch">["snapshot"],
  found: Found,
  out: PaxosOutbox,
): void {
  if (found.kind === "chunk") {
    const { offset, bytes } = found;
    return sendAhead(state, to, { kind: "chunk", snapshot: asked, offset, bytes }, out);
  }
  const { snapshot } = state;
  if (snapshot !== undefined && !isSameSnapshot(snapshot, asked)) offerSnapshot(state, to, out);
}
