import { expect, test } from "vitest";
import { newPaxosScenario } from "../../src/simulator/multi-paxos/scenario.ts";

/** So little memory and so short a log that storage and snapshots are needed. */
const small = { tailBytesMax: 2000, retainCount: 3, runBytesMax: 1000, chunkBytesMax: 64 };

test("a member that was away is brought up to date from the log, while the others go on", () => {
  const cluster = newPaxosScenario({ members: 3, seed: 2, options: { tailBytesMax: 2000, runBytesMax: 1000 } });
  const leader = cluster.leader();
  const [away = ""] = cluster.ids(leader);
  cluster.crash(away);
  for (let count = 0; count < 60; count++) {
    cluster.propose(leader, `x${count}`);
    cluster.run(10);
  }
  cluster.start(away);
  cluster.propose(leader, "meanwhile");

  expect(cluster.until(() => cluster.texts(away).length === 61)).toBe(true);
});

test("and by a snapshot, when the log does not reach back so far; it votes again at once", () => {
  const cluster = newPaxosScenario({ members: 3, seed: 3, options: small });
  const leader = cluster.leader();
  const [away = "", other = ""] = cluster.ids(leader);
  cluster.crash(away);
  for (let count = 0; count < 60; count++) {
    cluster.propose(leader, `x${count}`);
    cluster.run(10);
  }
  for (const id of [leader, other]) cluster.snapshot(id);
  cluster.run(100);
  cluster.start(away);
  expect(cluster.until(() => cluster.texts(away).length === 60)).toBe(true);

  cluster.crash(other);
  cluster.propose(leader, "two of three");
  expect(cluster.until(() => cluster.texts(away).includes("two of three"))).toBe(true);
});

test("a snapshot goes on where it was when its sender dies, from another that has the same", () => {
  const cluster = newPaxosScenario({ members: 3, seed: 4, options: small, world: { diskMs: [5, 9] } });
  const leader = cluster.leader();
  const [away = "", other = ""] = cluster.ids(leader);
  cluster.crash(away);
  for (let count = 0; count < 80; count++) {
    cluster.propose(leader, `x${count}`);
    cluster.run(20);
  }
  cluster.run(500);
  for (const id of [leader, other]) cluster.snapshot(id);
  cluster.run(100);
  cluster.start(away);
  const received = () => cluster.store(away).incoming?.received ?? 0;
  expect(cluster.until(() => received() >= 128)).toBe(true);
  const before = received();
  cluster.crash(away);
  cluster.start(away);
  let first = Number.POSITIVE_INFINITY;
  cluster.onSend = (from, _to, message) => {
    if (from === away && message.kind === "fetch") first = Math.min(first, message.offset);
  };

  expect(cluster.until(() => cluster.texts(away).length === 80)).toBe(true);
  expect(first).toBeGreaterThanOrEqual(before);
});

test("a leader goes on with a follower whose disk stands still, and it catches up", () => {
  const cluster = newPaxosScenario({ members: 3, seed: 5, options: { alpha: 16 } });
  const leader = cluster.leader();
  const [stuck = ""] = cluster.ids(leader);
  cluster.stickDisk(stuck);
  for (let count = 0; count < 100; count++) {
    cluster.propose(leader, `x${count}`);
    cluster.run(5);
  }
  expect(cluster.texts(leader).length).toBeGreaterThan(90);
  cluster.mendDisk(stuck);

  expect(cluster.until(() => cluster.texts(stuck).length === 100)).toBe(true);
});
