import type { ClientRecord } from "../messages.ts";

/** The paper's Last_Executed of one client, and its Last_Enqueued on a leader. */
export interface Client {
  /** All its updates below are ordered and were executed. */
  next: number;
  /** Those above, of which some before are not. */
  readonly above: Set<number>;
  /** On a leader: all below are executed, queued, planned or bound. */
  queuedNext: number;
  readonly queued: Set<number>;
  /** Where its newest update stands. */
  seq: number;
}

function newClient(): Client {
  return { next: 1, above: new Set(), queuedNext: 1, queued: new Set(), seq: 0 };
}

/** Takes in what a base says of clients; what is queued of them here stays noted. */
export function absorbClients(clients: Map<number, Client>, records: readonly ClientRecord[], seq: number): void {
  for (const { client: id, next, above } of records) {
    const client = clientOf(clients, id);
    client.seq = Math.max(client.seq, seq);
    client.next = Math.max(client.next, next);
    for (const timestamp of above) client.above.add(timestamp);
    for (const timestamp of client.above) if (timestamp < client.next) client.above.delete(timestamp);
    while (client.above.delete(client.next)) client.next++;
  }
}

/** What a base says of them. */
export function clientRecords(clients: ReadonlyMap<number, Client>): readonly ClientRecord[] {
  return [...clients].map(([client, { next, above }]) => ({ client, next, above: [...above].sort(byValue) }));
}

function byValue(one: number, other: number): number {
  return one - other;
}

/** Who has this number; known from now on. */
export function clientOf(clients: Map<number, Client>, id: number): Client {
  const known = clients.get(id);
  if (known !== undefined) return known;
  const client = newClient();
  clients.set(id, client);
  return client;
}

/** A client's update stands in the order at `seq`. */
export function noteExecuted(client: Client, timestamp: number, seq: number): void {
  client.seq = seq;
  if (timestamp === client.next) {
    client.next++;
    if (client.above.size > 0) while (client.above.delete(client.next)) client.next++;
  } else if (timestamp > client.next) client.above.add(timestamp);
}

/** Whether an update is in the order. */
export function isExecuted(clients: ReadonlyMap<number, Client>, id: number, timestamp: number): boolean {
  const client = clients.get(id);
  return client !== undefined && (timestamp < client.next || client.above.has(timestamp));
}

/** Notes that an update waits for its place, or has one; false: it is in the order, or was noted before (C4). */
export function noteQueued(clients: Map<number, Client>, id: number, timestamp: number): boolean {
  const client = clientOf(clients, id);
  if (client.queuedNext < client.next) client.queuedNext = client.next;
  if (timestamp < client.queuedNext || client.queued.has(timestamp) || client.above.has(timestamp)) return false;
  if (timestamp > client.queuedNext) client.queued.add(timestamp);
  else {
    client.queuedNext++;
    while (client.queued.delete(client.queuedNext) || client.above.has(client.queuedNext)) client.queuedNext++;
  }
  return true;
}

/** Nothing is queued any more. */
export function forgetQueued(clients: ReadonlyMap<number, Client>): void {
  for (const client of clients.values()) {
    client.queuedNext = client.next;
    client.queued.clear();
  }
}

/** Forgets those whose newest update stands furthest back, an eighth at a time, once there are more than `most`. */
export function forgetClients(clients: Map<number, Client>, most: number): void {
  if (clients.size <= most) return;
  const oldest = [...clients].sort(([, one], [, other]) => one.seq - other.seq).slice(0, Math.ceil(most / 8));
  for (const [id] of oldest) clients.delete(id);
}
