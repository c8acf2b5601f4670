import { expect, test } from "vitest";
import { GossipGroup } from "../../../test/support/gossip-group.ts";
import type { GossipMessage } from "./messages.ts";

/** Waits short enough to count in one's head; nobody is compared with by chance. */
const options = { ackTicks: 10, roundTripTicks: 4, probeTicks: 20, syncTicks: 100_000 };

function group(members: number, kind: "line" | "ring" | "star" | "full", more: object = {}): GossipGroup {
  const made = new GossipGroup({ members, options: { ...options, topology: { kind }, ...more } });
  made.run(2); // everyone has said that it is there
  return made;
}

function rumoursOf(message: GossipMessage): number {
  return message.kind === "batch" ? message.rumours.reduce((sum, { payloads }) => sum + payloads.length, 0) : 0;
}

test("G1: what is submitted is numbered, delivered here in the same step, and sent to every used link", () => {
  const made = group(3, "star");

  made.submit("n0", "x", "y");

  const outputs = made.outputs.get("n0");
  expect(outputs?.map(({ kind }) => kind)).toEqual(["accepted", "deliver"]);
  expect(outputs?.[0]).toMatchObject({ first: 1, count: 2, origin: "n0#1" });
  expect(made.since(1, "batch").map(({ to, message }) => [to, rumoursOf(message)])).toEqual([
    ["n1", 2],
    ["n2", 2],
  ]);
});

test("G2: a rumour is delivered once, and passed on to all but those who have it", () => {
  const made = group(4, "ring");

  made.submit("n0", "x");
  made.run(9);

  expect(made.ids.map((id) => made.texts(id))).toEqual([["x"], ["x"], ["x"], ["x"]]);
  const ways = made.since(1, "batch").map(({ from, to }) => from + to);
  expect(ways).toEqual(["n0n1", "n0n3", "n1n2", "n3n2"]); // n2 has it from both, and sends it to neither
});

test("G2: a rumour that is known is acknowledged again: the acknowledgement before may be lost", () => {
  const made = group(2, "line");
  made.passes = ({ message }) => message.kind !== "ack";
  made.submit("n0", "x");
  made.run(20);

  made.passes = () => true;
  made.until(() => made.state("n0").peers.get("n1")?.flights.length === 0, 60);

  expect(made.texts("n1")).toEqual(["x"]);
  expect(made.since(1, "batch").length).toBeGreaterThan(1);
});

test("G3: with `latency` a batch leaves at once; a batch holds no more than its maximum", () => {
  const made = group(2, "line", { batchCountMax: 2, flightCountMax: 8 });

  made.submit("n0", "a", "b", "c", "d", "e");

  expect(made.since(1, "batch").map(({ message }) => rumoursOf(message))).toEqual([2, 2, 1]);
});

test("G3: a payload that is larger than a batch goes alone", () => {
  const made = group(2, "line", { batchBytesMax: 40 });

  made.submit("n0", "small", "x".repeat(100), "tiny");
  made.run(1);

  expect(made.since(1, "batch").map(({ message }) => rumoursOf(message))).toEqual([1, 1, 1]);
  expect(made.allHave("small", "tiny", "x".repeat(100))).toBe(true);
});

test("G3: no more batches than the window are on their way to a peer; half of it asks for an answer at once", () => {
  const made = group(2, "line", { batchCountMax: 1, flightCountMax: 4 });

  made.submit("n0", ..."abcdefgh");
  expect(made.since(1, "batch").map(({ message }) => message.kind === "batch" && message.isUrgent)).toEqual([
    false,
    true,
    false,
    true,
  ]);

  expect(made.until(() => made.allHave(..."abcdefgh"))).toBeLessThan(8); // long before `ackTicks` would answer
});

test("G4: an acknowledgement rides on the next batch, or leaves by itself after `ackTicks`", () => {
  const made = group(2, "line");
  made.submit("n0", "x");
  made.run(3);
  made.submit("n1", "y");
  made.run(30);

  const [ack, ...others] = made.since(1, "ack");
  expect(others).toEqual([]);
  expect(ack).toMatchObject({ from: "n0", to: "n1" });
  expect(made.since(1, "batch")).toHaveLength(2);
});

test("G4: an acknowledgement leaves before its absence would be noticed: nothing is sent twice", () => {
  const made = group(2, "line");

  made.submit("n0", "x");
  made.run(100);

  expect(made.since(1).map(({ message }) => message.kind)).toEqual(["batch", "ack"]);
});

test("G5: an acknowledgement says which numbers are known, whichever message brought them", () => {
  const made = group(2, "line");
  made.passes = ({ message }) => !(message.kind === "batch" && message.number === 1);
  made.submit("n0", "lost");
  made.passes = () => true;
  made.submit("n0", "arrived");
  made.run(14);

  const theirs = made.state("n0").peers.get("n1")?.theirs;
  expect(theirs).toEqual(new Map([["n0#1", [[2, 2]]]]));
  expect(
    made
      .state("n0")
      .peers.get("n1")
      ?.flights.map(({ holds }) => holds),
  ).toEqual([new Map([["n0#1", [[1, 1]]]])]);
});

test("G6: repeats are further and further apart; then the peer counts as down, and one probe at a time is sent", () => {
  const made = group(2, "line", { repeatCountMax: 3 });
  made.stop("n1");
  made.submit("n0", "x");
  made.run(400);

  const batches = made.since(1, "batch").map(({ sentAt }) => sentAt);
  const gaps = batches.slice(1).map((at, nth) => at - (batches[nth] as number));
  expect(batches).toHaveLength(4);
  expect(gaps[2]).toBeGreaterThan(gaps[1] as number);
  expect(made.outputs.get("n0")?.at(-1)).toEqual({ kind: "peer", peer: "n1", isDown: true });
  const later = made.since(300);
  expect(later.every(({ message }) => message.kind === "digest" && message.knows === undefined)).toBe(true);
  expect(later.length).toBeLessThanOrEqual(7); // 100 ticks, one in 20 give or take a quarter
});

test("G6: those that were cut off together do not come back in step", () => {
  const made = group(9, "star", { probeTicks: 40 });
  made.stop("n0");
  for (const id of made.ids.slice(1)) made.submit(id, `of ${id}`);
  made.run(1000);

  const probes = made.ids.slice(1).map((id) => made.since(900).find(({ from }) => from === id)?.sentAt);
  expect(new Set(probes).size).toBeGreaterThan(4);
});

test("G6: a peer whose answers get lost is down for us, and still delivers", () => {
  const made = group(2, "line");
  made.cut("n1", "n0");
  made.submit("n0", "x");
  made.run(200);
  made.submit("n1", "y");
  made.run(200);

  expect(made.texts("n1")).toEqual(["x", "y"]);
  expect(made.state("n0").peers.get("n1")?.isDown).toBe(true);
  expect(made.since(300).length).toBeLessThan(20);
  made.heal();
  made.until(() => made.allHave("x", "y"), 100);
  expect(made.texts("n0")).toEqual(["x", "y"]);
});

test("G6: what comes from a peer that is down is taken in all the same", () => {
  const made = group(2, "line");
  made.cut("n0", "n1");
  made.submit("n0", "x");
  made.until(() => made.state("n0").peers.get("n1")?.isDown === true, 200);
  made.submit("n1", "y");
  made.run(2);

  expect(made.state("n0").peers.get("n1")?.isDown).toBe(true);
  expect(made.texts("n0")).toEqual(["x", "y"]);
});

test("G6: when one of those that are down answers, the others are probed at once", () => {
  const made = new GossipGroup({ members: 8, options });
  const lost = () => [...made.state("n0").peers.values()].filter(({ isDown }) => isDown).length;
  made.run(2);
  made.split("n0");
  for (const id of made.ids.slice(1)) made.link("n0", id, false);
  made.run(60);
  expect(lost()).toBe(7);
  made.heal();
  made.until(() => lost() < 7, 100);

  expect(made.until(() => lost() === 0, 100)).toBeLessThanOrEqual(4);
});

test("G7: what is sent after a partition is what was missed, and not what was sent before", () => {
  const made = group(2, "line");
  made.submit("n0", ...Array.from({ length: 50 }, (_, at) => `old ${at}`));
  made.run(30);
  made.split("n0");
  made.submit("n0", "p");
  made.submit("n1", "q");
  made.run(200);
  const healedAt = made.tick;
  made.heal();
  made.until(() => made.allHave("p", "q"), 100);

  expect(made.since(healedAt, "batch").map(({ message }) => rumoursOf(message))).toEqual([1, 1]);
});

test("G7: a peer that starts anew knows nothing, whatever it knew: it is given everything", () => {
  const made = group(3, "line");
  made.submit("n0", "x");
  made.submit("n2", "y");
  made.run(60);
  made.stop("n1");
  made.start("n1");

  made.until(() => made.texts("n1").length === 4, 60); // twice each, once in each life

  expect(made.texts("n1")).toEqual(["x", "x", "y", "y"]);
  expect(made.texts("n0")).toEqual(["x", "y"]);
});

test("G7: a peer drawn by chance is compared with now and then; both give what the other lacks", () => {
  const made = group(3, "full", { syncTicks: 30 });
  for (const [one, other] of [
    ["n0", "n1"],
    ["n1", "n0"],
  ] as const) {
    made.cut(one, other);
  }
  made.submit("n0", "x");
  made.submit("n1", "y");

  made.until(() => made.allHave("x", "y"), 300); // over n2, to which neither is its own

  expect(made.texts("n0")).toEqual(["x", "y"]);
});

test("G7: who compares learns what the other has, and the other what it has: once is enough", () => {
  const made = group(3, "full", { syncTicks: 100 });
  made.start("n1", { syncTicks: 8 });
  made.run(2);
  made.split("n1");
  made.submit("n2", "x");
  made.until(() => made.state("n0").aged.size > 0, 400); // it has just compared, and will not for a while
  made.stop("n2");
  made.heal();

  made.until(() => made.texts("n1").includes("x"), 50);

  expect(made.state("n0").peers.get("n1")?.isDown).toBe(false);
});

test("G7: members that know the same say so with a hash, and nothing follows", () => {
  const made = group(2, "line", { syncTicks: 20 });
  made.submit("n0", "x");
  made.run(100);
  const from = made.tick;
  made.run(60);

  expect(made.since(from).length).toBeGreaterThan(2);
  expect(made.since(from).every(({ message }) => message.kind === "digest" && message.knows === undefined)).toBe(true);
});

test("G8: the least node that lives is the root; lost, it is replaced, and its rumours go on", () => {
  const made = new GossipGroup({ members: 5, options });
  made.run(2);
  made.submit("n3", "x");
  made.run(40);
  made.stop("n0");
  made.submit("n3", "y");

  made.until(() => made.allHave("y"), 400);

  made.until(() => made.ids.slice(1).every((id) => made.state(id).peers.get("n0")?.role === "spare"), 400);
  expect([...made.state("n1").peers.values()].map(({ role }) => role)).toEqual(["spare", "below", "below", "below"]);
});

test("G8: after healing there is one tree again, around the least node", () => {
  const made = new GossipGroup({ members: 6, options });
  made.run(2);
  made.split("n0", "n1", "n2");
  made.submit("n1", "p");
  made.submit("n4", "q");
  made.run(600);
  expect([...made.state("n3").peers.values()].filter(({ role }) => role === "below")).toHaveLength(2);

  made.heal();
  made.until(() => made.allHave("p", "q"), 200);
  const rolesOf = (id: string) => [...made.state(id).peers.values()].map(({ role }) => role);
  made.until(() => rolesOf("n0").every((role) => role === "below"), 1000);
  made.run(20);

  expect(rolesOf("n0")).toEqual(Array(5).fill("below"));
  for (const id of made.ids.slice(1)) expect(rolesOf(id)).toEqual(["above", ...Array(4).fill("spare")]);
});

test("G8: a node cut off from the root hangs below another, and no loop comes of it", () => {
  const made = new GossipGroup({ members: 4, options });
  made.run(2);
  made.cut("n0", "n3");
  made.cut("n3", "n0");
  made.submit("n3", "x");
  made.until(() => made.allHave("x"), 400);
  made.run(400);
  const from = made.tick - 1;
  made.submit("n2", "y");
  made.run(60);

  expect(made.allHave("y")).toBe(true);
  expect(made.since(from, "batch").filter(({ message }) => rumoursOf(message) > 0)).toHaveLength(3);
});

test("G8: a report that did not matter is taken back when another link is lost, whoever loses it", () => {
  const made = new GossipGroup({
    members: 3,
    options: { ...options, topology: { kind: "own", over: { kind: "ring" } } },
  });
  made.run(2);
  made.cut("n0", "n2");
  made.cut("n2", "n0");
  made.link("n2", "n0", false);
  made.run(2);
  made.split("n2");
  made.link("n1", "n2", false);
  made.run(2);
  made.heal();
  made.link("n2", "n0", true);
  made.run(4); // now no tree needs the link between n1 and n2
  made.link("n1", "n2", true);
  made.run(40);
  expect(made.state("n0").reports.get("n1")?.down).toEqual(["n2"]);
  made.cut("n0", "n1");
  made.cut("n1", "n0");
  made.link("n0", "n1", false);
  made.submit("n0", "x");

  made.until(() => made.allHave("x"), 400);

  expect(made.ids.map((id) => made.state(id).isWhole)).toEqual([true, true, true]);
});

test("an owner may arrange other links while rumours go round", () => {
  const made = group(4, "line");
  made.submit("n0", "x");
  for (const id of made.ids) made.arrange(id, { kind: "star" });

  made.until(() => made.allHave("x"), 20);

  expect([...made.state("n3").peers.values()].map(({ role }) => role)).toEqual(["above", "spare", "spare"]);
});

test("a host's word that a link broke is acted on at once, and taken back by the next answer", () => {
  const made = group(2, "line");
  made.link("n0", "n1", false);
  expect(made.outputs.get("n0")).toEqual([{ kind: "peer", peer: "n1", isDown: true }]);

  made.run(4);

  expect(made.outputs.get("n0")?.at(-1)).toEqual({ kind: "peer", peer: "n1", isDown: false });
});
