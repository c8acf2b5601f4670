import { expect, test } from "vitest";
import type { LogVocabulary } from "../../src/simulator/replicated/replica.ts";
import type { OpenLog } from "./replicated-log.ts";

/** What any replicated log owes where somebody is slow; `tailOf`: how many entries a member holds in memory. */
export function pressureConformance<V extends LogVocabulary, State>(
  open: OpenLog<V, State>,
  tailOf: (state: Readonly<State>) => number,
): void {
  test("while the leader's owner takes in nothing, more is refused; then all goes on", () => {
    const cluster = open({ members: 3, seed: 2, options: { deliveryBytesMax: 2000 } });
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
    const options = { deliveryBytesMax: 2000, tailBytesMax: 3000, runBytesMax: 1000 };
    const cluster = open({ members: 3, seed: 2, options });
    const leader = cluster.leader();
    const slow = cluster.ids(leader)[0] ?? "";
    cluster.run(100);
    cluster.holdCredit(slow);

    for (let at = 0; at < 100; at++) {
      cluster.propose(leader, `x${at}`);
      cluster.run(5);
    }
    cluster.run(200);
    const held = {
      tail: tailOf(cluster.state(slow)),
      texts: cluster.texts(slow).length,
      others: cluster.texts(leader).length,
    };
    cluster.giveCredit(slow);
    const isBack = cluster.until(() => cluster.agreesOn("x99"), 3000);

    expect(held.others).toBe(100);
    expect(held.texts).toBeLessThan(20);
    expect(held.tail).toBeLessThan(15);
    expect(isBack).toBe(true);
  });

  test("a refused proposal is never applied, on whichever member it was refused", () => {
    const cluster = open({ members: 3, seed: 5, options: { waitingCountMax: 4 } });
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
}
