import { type ByteReader, type Bytes, ByteWriter } from "../base/bytes.ts";
import { MalformedError } from "../base/errors.ts";
import { type FrameReader, frame, framedItems, framedSection, readFrames, readVersion } from "./frames.ts";
import {
  addClient,
  addRequest,
  type Client,
  newClient,
  newSessions,
  type Request,
  type SessionState,
} from "./session-state.ts";

const version = 1;
const uint32Max = 2 ** 32 - 1;

/**
 * The sessions, then the machine's own snapshot `inner`, taken at the same moment.
 *
 * References are copied at the call, which the limits bound (2 to 3 ms at their defaults); bytes are made as they are
 * asked for.
 */
export function snapshotSessions(state: SessionState<unknown>, inner: Iterable<Bytes>): Iterable<Bytes> {
  const { limits, floor } = state;
  const clients = state.clientsByUse
    .toArray()
    .map(({ name, addedAt, settledBelow, usedAt }) => ({ name, addedAt, settledBelow, usedAt }));
  const requests = state.requestsByUse.toArray();

  function* chunks(): Generator<Bytes> {
    const head = new ByteWriter().byte(version).varint(limits.retainedRequestsMax);
    yield frame(head.varint(limits.retainedBytesMax).varint(limits.clientsMax).varint(floor).finish());
    yield* framedItems(clients, (writer, client) => {
      writer.text(client.name).varint(client.addedAt).varint(client.settledBelow).varint(client.usedAt);
    });
    yield* framedItems(requests, (writer, request) => {
      writer.varint(request.client.addedAt).varint(request.sequence).varint(request.index);
      writer.varint(request.fingerprint).bytes(request.answer);
    });
    yield* framedSection(inner);
  }
  return chunks();
}

/** Reads back what `snapshotSessions` wrote. Throws `MalformedError` for anything else. */
export function restoreSessions<State>(
  chunks: AsyncIterable<Bytes>,
  restoreInner: (chunks: AsyncIterable<Bytes>) => Promise<State>,
  sizeOf: (answer: Bytes) => number,
): Promise<SessionState<State>> {
  return readFrames(chunks, async (frames) => {
    const { limits, floor } = await frames.head(readHead);
    const sessions = newSessions(limits, floor, undefined);
    const clients = await restoreClients(frames, sessions);
    await frames.items((reader) => addRequest(sessions, readRequest(reader, clients, sizeOf)));
    if (sessions.clients.size > limits.clientsMax || sessions.requestsByUse.size > limits.retainedRequestsMax) {
      throw new MalformedError("a snapshot remembers more than its own limits allow");
    }
    return { ...sessions, inner: await frames.section(restoreInner) };
  });
}

function readHead(reader: ByteReader): Pick<SessionState<unknown>, "limits" | "floor"> {
  readVersion(reader, version);
  const limits = {
    retainedRequestsMax: reader.varint(),
    retainedBytesMax: reader.varint(),
    clientsMax: reader.varint(),
  };
  return { limits, floor: reader.varint() };
}

async function restoreClients(
  frames: FrameReader,
  sessions: SessionState<unknown>,
): Promise<ReadonlyMap<number, Client>> {
  const clients = new Map<number, Client>();
  await frames.items((reader) => {
    const client = newClient(reader.text(), reader.varint(), reader.varint(), reader.varint());
    if (sessions.clients.has(client.name) || clients.has(client.addedAt))
      throw new MalformedError("a client is listed twice");
    clients.set(client.addedAt, addClient(sessions, client));
  });
  return clients;
}

function readRequest(
  reader: ByteReader,
  clients: ReadonlyMap<number, Client>,
  sizeOf: (answer: Bytes) => number,
): Request {
  const client = clients.get(reader.varint());
  const sequence = reader.varint();
  const index = reader.varint();
  const fingerprint = reader.varint(uint32Max);
  const answer = reader.bytes().slice(); // a view would keep its whole chunk in memory
  if (
    client === undefined ||
    client.requests.has(sequence) ||
    sequence < client.settledBelow ||
    index > client.usedAt
  ) {
    throw new MalformedError("a retained request contradicts its client");
  }
  return { client, sequence, index, fingerprint, answer, size: sizeOf(answer), older: undefined, newer: undefined };
}
