import { expect, test } from "vitest";
import { RaftScenario } from "../../src/simulator/raft/scenario.ts";
import { partitionConformance } from "../conformance/partitions.ts";
import { openRaft } from "../support/logs.ts";

partitionConformance(openRaft);

test("an isolated leader commits nothing and adopts the majority's log on return", () => {
  const cluster = new RaftScenario({ members: 5, seed: 7 });
  const old = cluster.leader();
  cluster.isolate(old);
  const lost = cluster.propose(old, "lost");
  const next = cluster.leader(old);
  const kept = cluster.propose(next, "kept");
  cluster.run(100);
  const before = cluster.fate(old, lost);

  cluster.heal();
  cluster.until(() => cluster.agreesOn("kept"));

  expect(before).toEqual(["accepted"]);
  expect(cluster.applied()).toEqual(Array(5).fill(["kept"]));
  expect(cluster.fate(old, lost)).toEqual(["accepted", "lost"]); // told on return, though the new log is no longer
  expect(cluster.fate(next, kept)).toEqual(["accepted", "applied"]);
});
