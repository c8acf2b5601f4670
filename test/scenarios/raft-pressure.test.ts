import { expect, test } from "vitest";
import { RaftScenario } from "../../src/simulator/raft/scenario.ts";

test("while the quorum stores nothing, uncommitted bytes fill up and more is refused; then all goes on", () => {
  const cluster = new RaftScenario({ members: 3, seed: 2, options: { uncommittedBytesMax: 3000 } });
  const leader = cluster.leader();
  cluster.run(100);
  for (const id of cluster.ids(leader)) cluster.stickDisk(id);

  const numbers = Array.from({ length: 30 }, (_, at) => cluster.propose(leader, `x${at}`));
  const before = numbers.map((number) => cluster.fate(leader, number)[0]);
  for (const id of cluster.ids(leader)) cluster.mendDisk(id);
  cluster.run(200);
  const again = cluster.propose(leader, "again");
  cluster.run(100);

  const taken = before.filter((fate) => fate === "accepted").length;
  expect(taken).toBe(11); // of 252 to 253 bytes each, in 3000
  expect(before.slice(taken)).toEqual(Array(30 - taken).fill("refused busy"));
  expect(cluster.fate(leader, again)).toEqual(["accepted", "applied"]);
});

test("while the leader's owner takes in nothing, more is refused; then all goes on", () => {
  const cluster = new RaftScenario({ members: 3, seed: 2, options: { deliveryBytesMax: 2000 } });
  const leader = cluster.leader();
  cluster.run(100);
  cluster.holdCredit(leader);

  const numbers = Array.from({ length: 30 }, (_, at) => {
    const number = cluster.propose(leader, `x${at}`);
    cluster.run(20);
    return number;
  });
  const fates = numbers.map((number) => cluster.fate(leader, number)[0]);
  cluster.giveCredit(leader);
  const again = cluster.propose(leader, "again");
  cluster.run(100);

  expect(fates[0]).toBe("accepted");
  expect(fates.at(-1)).toBe("refused busy");
  expect(cluster.fate(leader, again)).toEqual(["accepted", "applied"]);
});

test("a follower whose owner takes in nothing holds up nobody, and its memory stays small", () => {
  const options = { deliveryBytesMax: 2000, tailBytesMax: 3000, appendBytesMax: 1000 };
  const cluster = new RaftScenario({ members: 3, seed: 2, options });
  const leader = cluster.leader();
  const slow = cluster.ids(leader)[0] ?? "";
  cluster.run(100);
  cluster.holdCredit(slow);

  for (let at = 0; at < 100; at++) {
    cluster.propose(leader, `x${at}`);
    cluster.run(5);
  }
  cluster.run(200);
  const { log, delivery } = cluster.state(slow);
  const held = { tail: log.tail.length, delivered: delivery.delivered, others: cluster.texts(leader).length };
  cluster.giveCredit(slow);
  const isBack = cluster.until(() => cluster.agreesOn("x99"), 3000);

  expect(held.others).toBe(100);
  expect(held.delivered).toBeLessThan(20);
  expect(held.tail).toBeLessThan(15);
  expect(isBack).toBe(true);
});

test("a refused proposal is never applied, on whichever member it was refused", () => {
  const cluster = new RaftScenario({ members: 3, seed: 5, options: { uncommittedBytesMax: 600, waitingCountMax: 4 } });
  cluster.leader();
  const asked = Array.from({ length: 300 }, (_, at) => {
    const id = cluster.ids()[at % 3] ?? "";
    const text = `x${at}`;
    const number = cluster.propose(id, text);
    if (at % 5 === 0) cluster.run(1);
    return { id, text, number };
  });
  cluster.run(2000);

  const applied = new Set(cluster.texts("a"));
  const ends = asked.map(({ id, text, number }) => ({ text, end: cluster.fate(id, number).at(-1) ?? "" }));
  const refused = ends.filter(({ end }) => end.startsWith("refused"));

  expect(refused.length).toBeGreaterThan(50);
  expect(refused.filter(({ text }) => applied.has(text))).toEqual([]);
  expect(ends.filter(({ end }) => end === "applied").every(({ text }) => applied.has(text))).toBe(true);
});

test("a follower that answers slowly gets no more than its window, and the others all", () => {
  const cluster = new RaftScenario({ members: 3, seed: 2, options: { inflightBytesMax: 2000, appendBytesMax: 500 } });
  const leader = cluster.leader();
  const slow = cluster.ids(leader)[0] ?? "";
  cluster.run(100);
  cluster.stickDisk(slow);
  let sentBytes = 0;
  cluster.onSend = (_from, to, message) => {
    if (to === slow && message.kind === "append") sentBytes += message.entries.length * 250;
  };

  for (let at = 0; at < 100; at++) {
    cluster.propose(leader, `x${at}`);
    cluster.run(2);
  }
  cluster.run(50);
  const others = cluster.ids(slow).map((id) => cluster.texts(id).length);

  expect(sentBytes).toBeLessThan(3000);
  expect(others).toEqual([100, 100]);
});
