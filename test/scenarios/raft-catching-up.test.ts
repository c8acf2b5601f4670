import { expect, test } from "vitest";
import { RaftScenario } from "../../src/simulator/raft/scenario.ts";
import { catchingUpConformance, leaveBehind, type OneBehind } from "../conformance/catching-up.ts";
import { openRaft } from "../support/logs.ts";

catchingUpConformance(openRaft);

const withOneBehind = (count: number, options: object): OneBehind<RaftScenario> =>
  leaveBehind(new RaftScenario({ members: 3, seed: 14, options }), count);

test("a snapshot arrives while the leader goes on writing and compacting", () => {
  const { cluster, leader, behind } = withOneBehind(60, { retainCount: 0, chunkBytesMax: 32, chunksInflightMax: 1 });
  cluster.snapshot(leader);
  cluster.heal();

  let restores = 0;
  for (let at = 0; at < 100; at++) {
    cluster.propose(leader, `more${at}`);
    cluster.run(10);
    cluster.snapshot(leader);
    restores = cluster.outputs(behind).filter((output) => output.kind === "restore").length;
  }
  const isBack = cluster.until(() => cluster.agreesOn("more99"), 2000);

  expect(isBack).toBe(true);
  expect(restores).toBe(1); // entries behind the snapshot on its way were kept, so it was not in vain
});

test("a follower slower than compaction, but faster than what is written, gets one snapshot and then the log", () => {
  const options = { retainCount: 0, chunkBytesMax: 64, chunksInflightMax: 1, appendBytesMax: 1, inflightCountMax: 4 };
  const { cluster, leader, behind } = withOneBehind(200, options);
  cluster.snapshot(leader);
  cluster.heal();

  for (let at = 0; at < 300; at++) {
    cluster.propose(leader, `more${at}`);
    cluster.run(8);
    if (at % 4 === 0) cluster.snapshot(leader);
  }
  const lag = cluster.texts(leader).length - cluster.texts(behind).length;
  const restores = cluster.outputs(behind).filter((output) => output.kind === "restore").length;

  expect(restores).toBe(1);
  expect(lag).toBeLessThan(5);
  expect(cluster.state(leader).log.last - cluster.state(leader).log.base.index).toBeLessThan(10); // kept no longer
});

test("lost pieces of a snapshot are sent again at once, not after an election timeout each", () => {
  const { cluster, leader, behind } = withOneBehind(60, { retainCount: 0, chunkBytesMax: 8 });
  cluster.snapshot(leader);
  let sent = 0;
  let lost = 0;
  cluster.onSend = (_from, to, message) => {
    if (message.kind !== "chunk" || message.bytes.length === 0 || to !== behind) return;
    if (++sent % 8 === 0) {
      lost++;
      cluster.cut(leader, behind);
    } else cluster.heal();
  };
  cluster.heal();
  const isBack = cluster.until(() => cluster.agreesOn("x59"), 500);

  expect(isBack).toBe(true);
  expect(lost).toBeGreaterThan(4);
});

test("a snapshot transfer that a crash of the follower interrupts is resumed where it was, not from its beginning", () => {
  const { cluster, leader, behind } = withOneBehind(60, { retainCount: 0, chunkBytesMax: 20, chunksInflightMax: 2 });
  cluster.snapshot(leader);
  const offsets: number[] = [];
  cluster.onSend = (_from, to, message) => {
    if (message.kind === "chunk" && message.bytes.length > 0 && to === behind) offsets.push(message.offset);
  };
  cluster.heal();
  cluster.until(() => (cluster.store(behind).incoming?.received ?? 0) > 100);
  cluster.crash(behind);
  const received = cluster.store(behind).incoming?.received ?? 0;
  offsets.length = 0;

  cluster.run(200);
  cluster.start(behind);
  const isBack = cluster.until(() => cluster.agreesOn("x59"), 5000);

  expect(isBack).toBe(true);
  expect(offsets.filter((offset) => offset < received)).toEqual([]);
  expect(offsets).toContain(received);
});
