import { expect, test } from "vitest";
import type { LogVocabulary } from "../../src/simulator/replicated/replica.ts";
import type { LogScenario } from "../../src/simulator/replicated/scenario/scenario.ts";
import { leadership, type OpenLog } from "./replicated-log.ts";

/** Four times that a leader may be silent, of 25 ticks of 20 ms. */
const patienceMs = 4 * 25 * 20;

/** Links that stay, by places; all others are cut. */
const topologies: Readonly<Record<string, readonly string[]>> = {
  bridge: ["01", "02", "12", "23", "24", "34"], // two halves that meet in place 2
  chain: ["01", "12", "23", "34"],
  star: ["20", "21", "23", "24"], // only place 2 reaches a majority
};

const cases = Object.keys(topologies).flatMap((name) =>
  [0, 1, 2, 3, 4].flatMap((place) => [true, false].map((hint) => ({ name, place, hint }))),
);

/** Whether a place is linked to so many that with itself they are a majority of five. */
function reachesMajority({ name, place }: (typeof cases)[number]): boolean {
  return (topologies[name] ?? []).filter((link) => link.includes(String(place))).length + 1 >= 3;
}

/** What any replicated log owes where only some links work, for good. */
export function topologyConformance<V extends LogVocabulary, State>(open: OpenLog<V, State>): void {
  /** Five members, of which the one in `place` led before only the links of a topology stayed. */
  function arranged({ name, place, hint }: (typeof cases)[number]): { cluster: LogScenario<V, State>; leader: string } {
    const cluster = open({ members: 5, seed: place + 1 });
    const leader = cluster.leader();
    cluster.propose(leader, "before");
    cluster.run(500);
    const ids = cluster.ids(leader);
    ids.splice(place, 0, leader);
    for (const [one, from] of ids.entries()) {
      for (const [other, to] of ids.entries()) {
        const isLinked = [`${one}${other}`, `${other}${one}`].some((link) => topologies[name]?.includes(link));
        if (one === other || isLinked) continue;
        cluster.cut(from, to);
        if (hint) cluster.tellLink(from, to, false);
      }
    }
    return { cluster, leader };
  }

  test.each(cases.filter(reachesMajority))(
    "$name, led from place $place, links told: $hint: whoever reaches a majority through others alone deposes nobody",
    (arrangement) => {
      const { cluster, leader } = arranged(arrangement);
      const { term } = cluster.standing(leader);

      cluster.run(20_000);
      const number = cluster.propose(leader, "x");
      cluster.run(100);

      expect(leadership(cluster, leader)).toEqual({ leads: true, term });
      expect(cluster.fate(leader, number)).toEqual(["accepted", "applied"]);
    },
  );

  test.each(cases.filter((arrangement) => !reachesMajority(arrangement)))(
    "$name, led from place $place, links told: $hint: one that reaches a majority soon leads, and stays",
    (arrangement) => {
      const { cluster, leader } = arranged(arrangement);
      const led = () => cluster.ids(leader).find((id) => cluster.leads(id)) ?? "";

      const isLed = cluster.until(() => led() !== "", patienceMs);
      const next = led();
      cluster.run(2000);
      const { term } = cluster.standing(next);
      cluster.run(20_000);
      const number = cluster.propose(next, "x");
      cluster.run(100);

      expect(isLed).toBe(true);
      expect(leadership(cluster, next)).toEqual({ leads: true, term });
      expect(cluster.fate(next, number)).toEqual(["accepted", "applied"]);
    },
  );
}
