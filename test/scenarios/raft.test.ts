import { expect, test } from "vitest";
import { RaftCluster } from "../support/raft-cluster.ts";

test("three members elect a leader and agree on what is proposed anywhere", () => {
  const cluster = new RaftCluster({ members: 3 });
  const leader = cluster.leader();
  const texts = Array.from({ length: 20 }, (_, at) => `x${at}`);

  for (const [at, text] of texts.entries()) {
    cluster.propose(["a", "b", "c"][at % 3] ?? "a", text);
    cluster.run(10);
  }
  cluster.run(200);

  expect(cluster.state(leader).role).toBe("leader");
  for (const id of ["a", "b", "c"]) expect(cluster.host(id).applied).toEqual(texts);
});

test("one member alone leads and commits", () => {
  const cluster = new RaftCluster({ members: 1 });
  cluster.leader();
  const number = cluster.propose("a", "x", "y");
  cluster.run(50);
  const read = cluster.barrier("a");
  cluster.run(50);

  expect(cluster.host("a").applied).toEqual(["x", "y"]);
  expect(cluster.fate("a", number)).toEqual(["accepted", "applied"]);
  expect(cluster.fate("a", read)).toEqual(["readable 3"]);
});
