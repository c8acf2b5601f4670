import { expect, test } from "vitest";
import { newRandom } from "../base/random.ts";
import type { Input, Vocabulary } from "../protocols/core.ts";
import { Clock } from "./clock.ts";
import { Disk } from "./disk.ts";
import { EventQueue } from "./event-queue.ts";
import { Member } from "./member.ts";
import { newRaftStore } from "./raft/store.ts";

function stepped(inputs: readonly Input<Vocabulary>[]): readonly Input<Vocabulary>[] {
  const disk = new Disk<Vocabulary>(newRaftStore() as never, {
    queue: new EventQueue(),
    random: newRandom(1),
    speed: () => [1, 1],
    events: { persisted: () => {}, full: () => {} },
  });
  const member = new Member<Vocabulary, unknown>(
    { id: "a", tickMs: 20, clock: 1000, options: {} },
    0,
    disk,
    new Clock(1000),
  );
  const seen: Input<Vocabulary>[] = [];
  const core = { step: (batch: readonly Input<Vocabulary>[]) => void seen.push(...batch), inspect: () => ({}) };
  member.begin(core, () => ({ take: () => {} }));
  for (const input of inputs) member.push(input);
  member.step(0, { send: () => {}, persist: () => {}, output: () => {} });
  return seen;
}

test("a step takes what arrived first, then requests, what is durable, and one tick, each in its own order", () => {
  const tick = { kind: "tick" } as const;
  const persisted = { kind: "persisted", count: 0 } as const;
  const request = (number: number) => ({ kind: "request", request: number }) as const;
  const receive = (number: number) => ({ kind: "receive", from: "b", message: number }) as const;
  const link = { kind: "link", peer: "b", up: true } as const;

  const seen = stepped([tick, request(1), receive(1), persisted, tick, link, request(2), receive(2)]);

  expect(seen).toEqual([receive(1), link, receive(2), request(1), request(2), persisted, tick]);
});
