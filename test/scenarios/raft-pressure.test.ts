import { expect, test } from "vitest";
import { RaftScenario } from "../../src/simulator/raft/scenario.ts";
import { pressureConformance } from "../conformance/pressure.ts";
import { openRaft } from "../support/logs.ts";

pressureConformance(openRaft, ({ log }) => log.tail.length);

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
