import { ByteReader, type Bytes, ByteWriter } from "../../src/base/bytes.ts";
import { defineMachine, type Machine } from "../../src/machines/machine.ts";

/** Replaces a block by one whose bytes are all `value`. */
export interface BlockCommand {
  readonly block: number;
  readonly value: number;
  /** So that the log grows, too, and snapshots become due. */
  readonly padding: string;
}

/** What a state of blocks shows of itself. */
export interface BlocksReply {
  readonly count: number;
  readonly bytes: number;
  /** Of every block's number, first and last byte. */
  readonly digest: number;
}

interface State {
  readonly blocks: Bytes[];
}

/** Size of a block. Small commands make a large state: what is tested is the state, not the log. */
export const blockBytes: number = 256 * 1024;

/** A state of large blocks, which a snapshot shows by reference: a block is never changed, only replaced. */
export const blocks: Machine<State, BlockCommand, number, void, BlocksReply> = {
  ...defineMachine<State, BlockCommand, number, void, BlocksReply>({
    initial: () => ({ blocks: [] }),
    apply: ({ blocks: held }, { block, value }) => {
      held[block] = new Uint8Array(blockBytes).fill(value);
      return held.length;
    },
    query: ({ blocks: held }) => {
      const ends = held.map((block, at) => at * 31 + (block[0] ?? 0) * 7 + (block.at(-1) ?? 0));
      return {
        count: held.length,
        bytes: held.length * blockBytes,
        digest: ends.reduce((sum, end) => (sum * 33 + end) >>> 0, 7),
      };
    },
  }),
  snapshot: ({ blocks: held }) => {
    const cut = [...held];
    return [new ByteWriter().varint(cut.length).finish(), ...cut];
  },
  restore: async (chunks) => {
    const held: Bytes[] = [];
    let head: number | undefined;
    let block = new Uint8Array(blockBytes);
    let filled = 0;
    for await (const chunk of chunks) {
      let rest = chunk;
      if (head === undefined) {
        const reader = new ByteReader(chunk);
        head = reader.varint();
        rest = reader.raw(reader.remaining);
      }
      while (rest.length > 0) {
        const part = rest.subarray(0, blockBytes - filled);
        block.set(part, filled);
        filled += part.length;
        rest = rest.subarray(part.length);
        if (filled < blockBytes) continue;
        held.push(block);
        block = new Uint8Array(blockBytes);
        filled = 0;
      }
    }
    return { blocks: held };
  },
};
