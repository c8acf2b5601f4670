import type { Socket } from "node:net";
import { Duplex } from "node:stream";
import { expect, test } from "vitest";
import { encodeGreeting } from "../links/handshake.ts";
import { Connection } from "./connection.ts";

/** A socket into which the system takes what was written only when told to. */
class ValveSocket extends Duplex {
  readonly connecting = false;
  readonly taken: number[] = [];
  #take: (() => void) | undefined;

  override _read(): void {}

  override _write(chunk: Uint8Array, _: string, done: () => void): void {
    this._writev([{ chunk }], done);
  }

  override _writev(chunks: readonly { readonly chunk: Uint8Array }[], done: () => void): void {
    this.#take = () => {
      this.taken.push(chunks.reduce((bytes, { chunk }) => bytes + chunk.length, 0));
      done();
    };
  }

  async open(): Promise<void> {
    const take = this.#take;
    this.#take = undefined;
    take?.();
    for (let turn = 0; turn < 2; turn++) await new Promise(setImmediate);
  }
}

async function openConnection() {
  const socket = new ValveSocket();
  const problems: string[] = [];
  const limits = {
    frameBytesMax: 1024 * 1024,
    queueBytesMax: 3 * 1024 * 1024,
    handshakeMs: 1,
    beatMs: 1,
    silentBeatsMax: 5,
    timers: { now: () => 0, after: () => () => {} },
  };
  const connection = new Connection(socket as unknown as Socket, limits, {
    greeted: () => connection.open(),
    message: () => {},
    answered: () => {},
    closed: (problem) => problems.push(problem),
  });
  const identity = { versions: { min: 1, max: 1 }, session: 1, clusterId: "c", from: "b", to: "a" };
  socket.push(encodeGreeting({ kind: "welcome", ...identity }));
  await new Promise(setImmediate);
  connection.beat(); // has heard the greeting
  return { connection, socket, problems };
}

test("a connection whose queue drains, however slowly, is not taken for silent; one whose queue is stuck is", async () => {
  const { connection, socket, problems } = await openConnection();
  while (connection.send(new Uint8Array(500_000)));
  await new Promise(setImmediate);

  for (let round = 0; round < 10; round++) {
    await socket.open();
    connection.beat();
  }
  const problemsWhileDraining = [...problems];
  for (let beat = 0; beat < 4; beat++) connection.beat();
  const problemsBefore = [...problems];
  connection.beat();

  expect([problemsWhileDraining, problemsBefore]).toEqual([[], []]);
  expect(problems).toEqual(["silent for too long"]);
});

test("the system is given bounded pieces, and what comes while one is under way leaves together", async () => {
  const { connection, socket } = await openConnection();
  const kibibytes256 = 256 * 1024;

  connection.send(new Uint8Array(kibibytes256));
  await new Promise(setImmediate);
  for (let turn = 0; turn < 10; turn++) {
    connection.send(new Uint8Array(95));
    await new Promise(setImmediate);
  }
  const [queued, given] = [connection.bytesQueued, socket.writableLength];
  for (let round = 0; round < 3; round++) await socket.open();

  expect([queued, given]).toEqual([kibibytes256 + 5 + 10 * 100, kibibytes256]);
  expect(socket.taken).toEqual([kibibytes256, 5 + 10 * 100]);
  expect(connection.bytesQueued).toBe(0);
});
