import type { Bytes } from "../base/bytes.ts";
import { type Ranked, Recency } from "./recency.ts";

/** How much is remembered to recognise repeats. Each at least 1. */
export interface SessionLimits {
  /** Answers kept, over all clients. */
  readonly retainedRequestsMax: number;
  /** Bytes of answers kept, over all clients; a failure counts 1 kB. */
  readonly retainedBytesMax: number;
  readonly clientsMax: number;
}

/** An applied request whose answer is kept. */
export interface Request extends Ranked<Request> {
  readonly client: Client;
  readonly sequence: number;
  /** Where it was applied. */
  readonly index: number;
  readonly fingerprint: number;
  /** The encoded answer. */
  readonly answer: Bytes;
  /** What it counts towards `retainedBytesMax`. */
  readonly size: number;
}

/** One that issues requests and numbers them. */
export interface Client extends Ranked<Client> {
  readonly name: string;
  /** Index of its first request since it was last forgotten: no other client's. */
  readonly addedAt: number;
  settledBelow: number;
  /** Index of its last request, new or repeated: none of its requests was applied later. */
  usedAt: number;
  readonly requests: Map<number, Request>;
}

/** What the sessions remember, and the machine's own state. */
export interface SessionState<State> {
  /** Part of the state, so that members of different releases forget the same. */
  readonly limits: SessionLimits;
  /**
   * Nothing applied after this index is forgotten, settled requests aside: one issued before it, and not found, may be
   * a repeat.
   */
  floor: number;
  readonly clients: Map<string, Client>;
  readonly clientsByUse: Recency<Client>;
  readonly requestsByUse: Recency<Request>;
  retainedBytes: number;
  readonly inner: State;
}

/** Sessions that remember nothing yet. */
export function newSessions<State>(limits: SessionLimits, floor: number, inner: State): SessionState<State> {
  return {
    limits,
    floor,
    clients: new Map(),
    clientsByUse: new Recency(),
    requestsByUse: new Recency(),
    retainedBytes: 0,
    inner,
  };
}

/** A client without requests. */
export function newClient(name: string, addedAt: number, settledBelow: number, usedAt: number): Client {
  return { name, addedAt, settledBelow, usedAt, requests: new Map(), older: undefined, newer: undefined };
}

/** Enters a client that is not known, as the latest. */
export function addClient(state: SessionState<unknown>, client: Client): Client {
  state.clients.set(client.name, client);
  state.clientsByUse.add(client);
  return client;
}

/** Keeps the answer to a request that was applied. */
export function addRequest(state: SessionState<unknown>, request: Request): void {
  request.client.requests.set(request.sequence, request);
  state.requestsByUse.add(request);
  state.retainedBytes += request.size;
}

/** Forgets answers that nobody will ask for: by `settledBelow` alone their repeats are still recognised. */
export function settle(state: SessionState<unknown>, client: Client, settledBelow: number): void {
  if (settledBelow <= client.settledBelow) return;
  const { requests } = client;
  if (settledBelow - client.settledBelow <= requests.size) {
    for (let sequence = client.settledBelow; sequence < settledBelow; sequence++) {
      const request = requests.get(sequence);
      if (request !== undefined) dropRequest(state, request);
    }
  } else {
    for (const request of requests.values()) if (request.sequence < settledBelow) dropRequest(state, request);
  }
  client.settledBelow = settledBelow;
}

/** Forgets the longest unused until all limits hold, and raises the floor to the last index so forgotten. */
export function enforceLimits(state: SessionState<unknown>): void {
  const { limits, clientsByUse, requestsByUse } = state;
  while (clientsByUse.size > limits.clientsMax && clientsByUse.oldest !== undefined) {
    const client = clientsByUse.oldest;
    for (const request of client.requests.values()) dropRequest(state, request);
    state.clients.delete(client.name);
    clientsByUse.remove(client);
    state.floor = Math.max(state.floor, client.usedAt);
  }
  while (requestsByUse.size > limits.retainedRequestsMax || state.retainedBytes > limits.retainedBytesMax) {
    const request = requestsByUse.oldest;
    if (request === undefined) break;
    dropRequest(state, request);
    state.floor = Math.max(state.floor, request.index);
  }
}

function dropRequest(state: SessionState<unknown>, request: Request): void {
  request.client.requests.delete(request.sequence);
  state.requestsByUse.remove(request);
  state.retainedBytes -= request.size;
}
