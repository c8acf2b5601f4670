import { expect, test } from "vitest";
import { LeaderWatch } from "./leader-watch.ts";

function ledBy(node: string, term: number, now: number): LeaderWatch {
  const watch = new LeaderWatch();
  watch.elected(node, term);
  watch.committed(node, now);
  return watch;
}

test("a node leads once it has committed in its term; the first one stops nothing", () => {
  const watch = new LeaderWatch();

  watch.elected("n1", 1);

  expect(watch.leader).toBe(undefined);
  expect(watch.committed("n2", 10)).toBe(undefined);
  expect(watch.committed("n1", 20)).toEqual({ node: "n1", term: 1, stoppedMs: undefined });
  expect(watch.committed("n1", 30)).toBe(undefined);
  expect(watch.leader).toBe("n1");
});

test("writes stop from the end of the leader to the first commit of the next", () => {
  const watch = ledBy("n1", 1, 0);

  watch.gone("n1", 100);
  watch.missed("n2", 110);
  watch.elected("n2", 2);

  expect(watch.leader).toBe(undefined);
  expect(watch.committed("n2", 250)).toEqual({ node: "n2", term: 2, stoppedMs: 150 });
});

test("without an end they stop from when the next leader missed the old one", () => {
  const watch = ledBy("n1", 1, 0);
  watch.missed("n3", 50);
  watch.follows("n3");

  watch.missed("n2", 700);
  watch.elected("n2", 2);
  watch.gone("n1", 900);

  expect(watch.committed("n2", 950)?.stoppedMs).toBe(250);
});

test("a follower's end, or its missing the leader, changes nothing", () => {
  const watch = ledBy("n1", 1, 0);

  watch.missed("n2", 10);
  watch.gone("n3", 20);

  expect(watch.leader).toBe("n1");
});

test("a leader that was paused and not replaced leads on; one that was replaced does not", () => {
  const watch = ledBy("n1", 1, 0);
  watch.gone("n1", 10);
  watch.resumed("n1");
  const ledOn = watch.leader;

  watch.gone("n1", 20);
  watch.elected("n2", 2);
  watch.resumed("n1");
  const change = watch.committed("n2", 50);

  expect(ledOn).toBe("n1");
  expect(change).toEqual({ node: "n2", term: 2, stoppedMs: 30 });
});

test("an old term is no election", () => {
  const watch = ledBy("n1", 5, 0);

  watch.elected("n2", 4);

  expect(watch.committed("n2", 10)).toBe(undefined);
});
