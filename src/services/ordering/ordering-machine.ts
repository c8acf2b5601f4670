import { type Bytes, ByteWriter, jsonCodec } from "../../base/bytes.ts";
import { toUtf8 } from "../../base/text.ts";
import { struct, text, whole } from "../../base/union-codec.ts";
import { fingerprint } from "../../machines/fingerprint.ts";
import { frame, framedItems, readFrames, readVersion } from "../../machines/frames.ts";
import type { Machine } from "../../machines/machine.ts";
import { type Update, updateCodec } from "./ordering.ts";

/** A client's newest update. */
interface Newest {
  readonly timestamp: number;
  readonly seq: number;
  /** Of its text. */
  readonly hash: number;
}

/** How many updates were ordered; and the paper's Last_Executed, the client that was heard last standing last. */
export interface OrderingState {
  ordered: number;
  readonly clients: Map<string, Newest>;
}

/** Clients remembered; beyond it those heard least recently are forgotten, an eighth at a time. */
const clientsMax = 65_536;
const version = 1;

/**
 * Gives each update the next number, from 1; the updates themselves are in the log, and nowhere else.
 *
 * A client's newest update keeps its number, however often it comes. Throws for older ones: their client went on.
 */
export const orderingMachine: Machine<OrderingState, Update, number, void, number> = {
  initial: () => ({ ordered: 0, clients: new Map() }),
  apply,
  query: ({ ordered }) => ordered,
  snapshot,
  restore: (chunks) =>
    readFrames(chunks, async (frames) => {
      const ordered = await frames.head((reader) => {
        readVersion(reader, version);
        return reader.varint();
      });
      const clients = new Map<string, Newest>();
      await frames.items((reader) => {
        const { name, ...newest } = clientField.read(reader);
        clients.set(name, newest);
      });
      return { ordered, clients };
    }),
  command: updateCodec,
  answer: jsonCodec(),
};

function apply(state: OrderingState, { client, timestamp, text: content }: Update): number {
  const { clients } = state;
  const hash = fingerprint(toUtf8(content));
  const newest = clients.get(client);
  if (newest !== undefined && timestamp < newest.timestamp) {
    throw new Error(`client ${client} has had update ${newest.timestamp} ordered since, and sends one at a time`);
  }
  if (timestamp === newest?.timestamp) {
    if (hash !== newest.hash) throw new Error(`update ${timestamp} of client ${client} was another text before`);
    return newest.seq;
  }
  clients.delete(client); // it stands last now
  clients.set(client, { timestamp, seq: ++state.ordered, hash });
  if (clients.size > clientsMax) forgetOldest(clients);
  return state.ordered;
}

function forgetOldest(clients: Map<string, Newest>): void {
  let count = clientsMax / 8;
  for (const name of clients.keys()) {
    if (count-- === 0) return;
    clients.delete(name);
  }
}

const clientField = struct<Newest & { readonly name: string }>({
  name: text,
  timestamp: whole,
  seq: whole,
  hash: whole,
});

/** References are copied at the call; bytes are made as they are asked for. */
function snapshot({ ordered, clients }: OrderingState): Iterable<Bytes> {
  return chunks(ordered, [...clients]);
}

function* chunks(ordered: number, clients: readonly (readonly [string, Newest])[]): Generator<Bytes> {
  yield frame(new ByteWriter().byte(version).varint(ordered).finish());
  yield* framedItems(clients, (writer, [name, newest]) => clientField.write(writer, { name, ...newest }));
}
