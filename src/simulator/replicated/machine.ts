import type { Bytes } from "../../base/bytes.ts";
import type { Machine } from "../../machines/machine.ts";
import type { SessionAnswer, SessionCommand, SessionState } from "../../machines/sessions.ts";

/** Any machine, its words unknown: who made it and its workload know them. */
export type AnyMachine = Machine<unknown, unknown, unknown, unknown, unknown>;

/** Any machine that knows repeats. */
export type SessionMachine = Machine<SessionState<unknown>, SessionCommand, SessionAnswer<unknown>, unknown, unknown>;

/** The whole snapshot of a state. */
export function wholeSnapshot(machine: SessionMachine, state: SessionState<unknown>): Bytes {
  const chunks = [...machine.snapshot(state)];
  const content = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  let offset = 0;
  for (const chunk of chunks) {
    content.set(chunk, offset);
    offset += chunk.length;
  }
  return content;
}

/** The content of a snapshot as a machine takes it: in two pieces, for their border carries no meaning. */
export async function* inPieces(content: Bytes): AsyncGenerator<Bytes> {
  const half = content.length >> 1;
  yield content.subarray(0, half);
  yield content.subarray(half);
}
