import { expect, test } from "vitest";
import type { LogVocabulary } from "../../src/simulator/replicated/replica.ts";
import type { LogScenario } from "../../src/simulator/replicated/scenario/scenario.ts";
import type { OpenLog, SharedOptions } from "./replicated-log.ts";

/** A cluster whose member `behind` missed proposals, and is still cut off. */
export interface OneBehind<Cluster> {
  readonly cluster: Cluster;
  readonly leader: string;
  readonly behind: string;
}

/** Cuts one member off, and has `count` texts agreed on without it: `x0`, `x1`, … */
export function leaveBehind<Cluster extends LogScenario<V, State>, V extends LogVocabulary, State>(
  cluster: Cluster & LogScenario<V, State>,
  count: number,
): OneBehind<Cluster> {
  const leader = cluster.leader();
  const behind = cluster.ids(leader)[0] ?? "";
  cluster.isolate(behind);
  for (let at = 0; at < count; at++) {
    cluster.propose(leader, `x${at}`);
    cluster.run(3);
  }
  cluster.run(100);
  return { cluster, leader, behind };
}

/** What any replicated log owes to members that were away. */
export function catchingUpConformance<V extends LogVocabulary, State>(open: OpenLog<V, State>): void {
  const withOneBehind = (count: number, options: SharedOptions): OneBehind<LogScenario<V, State>> =>
    leaveBehind(open({ members: 3, seed: 14, options }), count);

  function kinds(cluster: LogScenario<V, State>, id: string): Set<string> {
    return new Set(
      cluster.outputs(id).map((output) => (output.kind === "want" ? `want ${output.what.kind}` : output.kind)),
    );
  }

  test("a follower behind the leader's memory is fed from storage, without a snapshot", () => {
    const { cluster, behind } = withOneBehind(60, { tailBytesMax: 2000 });

    cluster.heal();
    const isBack = cluster.until(() => cluster.agreesOn("x59"), 2000);

    expect(isBack).toBe(true);
    const others = cluster.ids(behind).flatMap((id) => [...kinds(cluster, id)]);
    expect(others).toContain("want entries");
    expect(kinds(cluster, behind)).not.toContain("restore");
  });

  test("a follower behind the compacted log gets the snapshot, and what followed it", () => {
    const { cluster, leader, behind } = withOneBehind(60, { retainCount: 0, chunkBytesMax: 50 });
    for (const id of cluster.ids(behind)) cluster.snapshot(id);
    cluster.propose(leader, "after");
    cluster.run(50);

    cluster.heal();
    const isBack = cluster.until(() => cluster.agreesOn("after"), 2000);

    expect(isBack).toBe(true);
    expect(kinds(cluster, behind)).toContain("restore");
    expect(cluster.texts(behind)).toEqual(cluster.texts(leader));
  });

  test("a follower a little behind a snapshot is fed from the entries that were retained", () => {
    const { cluster, behind } = withOneBehind(20, { retainCount: 50 });
    for (const id of cluster.ids(behind)) cluster.snapshot(id);

    cluster.heal();
    cluster.until(() => cluster.agreesOn("x19"), 2000);

    expect(cluster.texts(behind)).toHaveLength(20);
    expect(kinds(cluster, behind)).not.toContain("restore");
  });

  test("a snapshot transfer that a lost message interrupts goes on once it is noticed", () => {
    const { cluster, leader, behind } = withOneBehind(60, { retainCount: 0, chunkBytesMax: 20 });
    for (const id of cluster.ids(behind)) cluster.snapshot(id);
    cluster.heal();
    cluster.until(() => (cluster.store(behind).incoming?.received ?? 0) > 100);

    cluster.cluster.world = { ...cluster.cluster.world, loss: 300 };
    cluster.run(1000);
    cluster.cluster.world = { ...cluster.cluster.world, loss: 0 };
    const isBack = cluster.until(() => cluster.agreesOn("x59"), 3000);

    expect(isBack).toBe(true);
    expect(cluster.texts(behind)).toEqual(cluster.texts(leader));
  });

  test("a new leader takes over the catching up of a follower", () => {
    const { cluster, leader, behind } = withOneBehind(60, { retainCount: 0, chunkBytesMax: 20 });
    for (const id of cluster.ids(behind)) cluster.snapshot(id);
    cluster.heal();
    cluster.until(() => (cluster.store(behind).incoming?.received ?? 0) > 60);

    cluster.crash(leader);
    const next = cluster.leader(leader);
    cluster.propose(next, "after");
    const isBack = cluster.until(() => cluster.texts(behind).includes("after"), 3000);

    expect(isBack).toBe(true);
    expect(cluster.texts(behind)).toEqual(cluster.texts(next));
  });
}
