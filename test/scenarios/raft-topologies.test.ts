import { expect, test } from "vitest";
import { RaftScenario } from "../../src/simulator/raft/scenario.ts";

/** Four election timeouts, of 25 ticks of 20 ms. */
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

/** Five members, of which the one in `place` led before only the links of a topology stayed. */
function arranged({ name, place, hint }: (typeof cases)[number]): { cluster: RaftScenario; leader: string } {
  const cluster = new RaftScenario({ members: 5, seed: place + 1 });
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

/** Whether a place is linked to so many that with itself they are a majority of five. */
function reachesMajority({ name, place }: (typeof cases)[number]): boolean {
  return (topologies[name] ?? []).filter((link) => link.includes(String(place))).length + 1 >= 3;
}

test.each(cases.filter(reachesMajority))(
  "$name, led from place $place, links told: $hint: whoever reaches a majority through others alone deposes nobody",
  (arrangement) => {
    const { cluster, leader } = arranged(arrangement);
    const { term } = cluster.state(leader);

    cluster.run(20_000);
    const number = cluster.propose(leader, "x");
    cluster.run(100);

    expect(cluster.state(leader)).toMatchObject({ role: "leader", term });
    expect(cluster.fate(leader, number)).toEqual(["accepted", "applied"]);
  },
);

test.each(cases.filter((arrangement) => !reachesMajority(arrangement)))(
  "$name, led from place $place, links told: $hint: one that reaches a majority soon leads, and stays",
  (arrangement) => {
    const { cluster, leader } = arranged(arrangement);
    const led = () => cluster.ids(leader).find((id) => cluster.state(id).role === "leader") ?? "";

    const isLed = cluster.until(() => led() !== "", patienceMs);
    const next = led();
    cluster.run(2000);
    const { term } = cluster.state(next);
    cluster.run(20_000);
    const number = cluster.propose(next, "x");
    cluster.run(100);

    expect(isLed).toBe(true);
    expect(cluster.state(next)).toMatchObject({ role: "leader", term });
    expect(cluster.fate(next, number)).toEqual(["accepted", "applied"]);
  },
);
