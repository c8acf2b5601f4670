import type { NodeId } from "../../../base/ids.ts";
import { invariant } from "../../../base/invariant.ts";
import type { Member, TotalOrderRequest } from "../messages.ts";
import { type MessageOf, peerAt, type TotalOrderOutbox, type TotalOrderState, type Transfer } from "../state.ts";
import { stampOf } from "../telling.ts";

/** The first member that has the state gives it to all that lack it, as of where the view begins (V13). */
export function beginTransfers(state: TotalOrderState, out: TotalOrderOutbox): void {
  state.transfers.clear();
  state.incoming = 0;
  const { members } = state.view;
  if (members.findIndex(({ restored }) => restored) !== state.me) return;
  for (const { node, incarnation, restored } of members) {
    if (restored) continue;
    const delayTicks = state.config.resendTicks;
    const transfer: Transfer = { node, incarnation, offset: 0, piece: undefined, leftTicks: 0, delayTicks };
    state.transfers.set(node, transfer);
    want(state, transfer, out);
  }
}

function want({ view, config }: TotalOrderState, transfer: Transfer, out: TotalOrderOutbox): void {
  const { number, position } = view;
  const { node, incarnation, offset } = transfer;
  transfer.leftTicks = config.suspectTicks;
  out.output({ kind: "stateWanted", view: number, position, to: { node, incarnation }, offset });
}

/** The owner gives a piece of the state. */
export function sendPiece(
  state: TotalOrderState,
  { view, to, offset, bytes, last }: Extract<TotalOrderRequest, { readonly kind: "state" }>,
  out: TotalOrderOutbox,
): void {
  const transfer = transferTo(state, to);
  if (view !== state.view.number || transfer === undefined) return; // of a view that has ended
  if (transfer.piece !== undefined || transfer.offset !== offset) return; // given before
  invariant(bytes.length <= state.config.chunkBytesMax, "a piece of the state is not longer than it may be");
  invariant(last || bytes.length > 0, "only the last piece of the state may be empty");
  const { position } = state.view;
  transfer.piece = { kind: "state", stamp: stampOf(state), position, offset, bytes, last };
  sendNow(transfer, out);
}

function transferTo({ transfers }: TotalOrderState, to: Member): Transfer | undefined {
  const transfer = transfers.get(to.node);
  return transfer?.incarnation === to.incarnation ? transfer : undefined;
}

function sendNow(transfer: Transfer, out: TotalOrderOutbox): void {
  transfer.leftTicks = transfer.delayTicks;
  if (transfer.piece !== undefined) out.send(transfer.node, transfer.piece);
}

function sendAgain({ config }: TotalOrderState, transfer: Transfer, out: TotalOrderOutbox): void {
  transfer.delayTicks = Math.min(config.resendTicksMax, 2 * transfer.delayTicks);
  sendNow(transfer, out);
}

/** Repeats what was not acknowledged or not answered, until the newcomer says that it has the state. */
export function tickTransfers(state: TotalOrderState, out: TotalOrderOutbox): void {
  for (const transfer of state.transfers.values()) {
    const peer = state.peers.find(({ node }) => node === transfer.node);
    if (peer?.restored) state.transfers.delete(transfer.node);
    else if (--transfer.leftTicks > 0) continue;
    else if (transfer.piece === undefined) want(state, transfer, out);
    else sendAgain(state, transfer, out);
  }
}

/** A newcomer has taken in all before `offset`: the next piece is wanted. */
export function receiveStateAck(
  state: TotalOrderState,
  from: NodeId,
  { offset }: MessageOf<"stateAck">,
  out: TotalOrderOutbox,
): void {
  const transfer = state.transfers.get(from);
  const { piece } = transfer ?? {};
  if (transfer === undefined || piece === undefined || piece.last) return;
  if (offset !== piece.offset + piece.bytes.length) return;
  transfer.offset = offset;
  transfer.piece = undefined;
  want(state, transfer, out);
}

/** Takes in the next piece of the state; with the last one this member may multicast. */
export function receivePiece(
  state: TotalOrderState,
  place: number,
  message: MessageOf<"state">,
  out: TotalOrderOutbox,
): void {
  const { position, offset, bytes, last } = message;
  if (!state.restored && offset === state.incoming) {
    invariant(position === state.view.position, "the state is that of the view's beginning");
    state.incoming += bytes.length;
    out.output({ kind: "state", position, offset, bytes, last });
    if (last) {
      state.restored = true;
      state.due.tell = true;
    }
  }
  if (!state.restored) {
    out.send(peerAt(state, place).node, { kind: "stateAck", stamp: stampOf(state), offset: state.incoming });
  } else state.due.tell = true; // the donor has not heard it
}
