import { expect, test } from "vitest";
import { GossipGroup } from "../../../test/support/gossip-group.ts";

/** Waits short enough to count in one's head; nobody is compared with by chance. */
const options = { ackTicks: 10, roundTripTicks: 4, probeTicks: 20, syncTicks: 100_000 };

function group(members: number, kind: "line" | "ring" | "star" | "full", more: object = {}): GossipGroup {
  const made = new GossipGroup({ members, options: { ...options, topology: { kind }, ...more } });
  made.run(2); // everyone has said that it is there
  return made;
}

test("G9: a payload stays until everyone has it, one that is down included; then the latest are kept", () => {
  const made = group(3, "line", { settleTicks: 10, keptBytesMax: 300 });
  made.stop("n2");
  made.submit("n0", "x", "y", "z");
  made.run(500);
  expect(made.state("n0").store.unstable).toEqual(new Map([["n0#1", [[1, 3]]]]));

  made.start("n2");
  made.until(() => made.ids.every((id) => made.state(id).store.unstable.size === 0), 300);

  expect(made.texts("n2")).toEqual(["x", "y", "z"]);
  expect(made.state("n0").store.held).toEqual(new Map([["n0#1", [[2, 3]]]]));
});

test("G9: who says nothing of what it holds is found to be down, though it has all that was sent to it", () => {
  const made = group(2, "line", { settleTicks: 40 });
  made.submit("n0", "x");
  made.run(20); // acknowledged, and not known to be everywhere
  made.stop("n1");

  made.until(() => made.outputs.get("n0")?.some(({ kind }) => kind === "peer") === true, 400);

  expect(made.outputs.get("n0")?.at(-1)).toEqual({ kind: "peer", peer: "n1", isDown: true });
});

test("G9: who starts after a payload was forgotten is told so", () => {
  const made = group(2, "line", { settleTicks: 10, keptBytesMax: 0 });
  made.submit("n0", "x");
  made.until(() => made.state("n0").store.held.size === 0, 200);
  made.stop("n1");
  made.start("n1");

  made.until(() => made.outputs.get("n1")?.some(({ kind }) => kind === "missed") === true, 100);

  made.submit("n0", "y");
  made.until(() => made.texts("n1").includes("y"), 50);
  expect(made.outputs.get("n1")?.at(-2)).toEqual({
    kind: "missed",
    numbers: [{ origin: "n0#1", ranges: [[1, 1]] }],
  });
});

test("where the links of others are not known, payloads stay until the neighbours have them", () => {
  const made = group(3, "line", { settleTicks: 10, topology: { kind: "given", neighbours: { n0: ["n1"] } } });
  made.submit("n0", "x");
  made.run(60);

  expect(made.state("n0").store.unstable.size).toBe(0);
});

test("a restarted incarnation is a new origin; one that is used twice is a broken promise of the host", () => {
  const made = group(2, "line");
  made.submit("n0", "x");
  made.run(20);
  made.stop("n0");
  made.start("n0", { incarnation: 1 });
  made.run(1);

  expect(() =>
    made.inject("n1", "n0", {
      ...{ kind: "batch", incarnation: 2, links: 0, number: 9, gone: [], knows: [], isUrgent: false },
      rumours: [{ origin: "n0#1", first: 1, payloads: [new Uint8Array(1)] }],
    }),
  ).toThrow("an incarnation is used once");
});

test("an owner that asked for copies is told when that many others have it", () => {
  const made = group(3, "star", { copies: 2 });
  const id = made.submit("n0", "x");
  made.run(30);

  expect(made.outputs.get("n0")?.at(-1)).toEqual({ kind: "secured", id, copies: 2 });
});

test("a submission is refused as a whole when too much of one's own waits for others, or a payload is too large", () => {
  const made = group(2, "line", { storeBytesMax: 800, payloadBytesMax: 100 });
  made.stop("n1");
  made.submit("n0", "x".repeat(101), "y");
  made.submit("n0", "a", "b", "c");
  made.submit("n0", "d");
  const large = made.submit("n0", "e");

  const refusals = made.outputs.get("n0")?.filter(({ kind }) => kind === "refused");
  expect(refusals).toEqual([
    { kind: "refused", id: 1, reason: "too-large" },
    { kind: "refused", id: large - 1, reason: "store-full" },
    { kind: "refused", id: large, reason: "store-full" },
  ]);
  expect(made.texts("n0")).toEqual(["a", "b", "c"]);
});

test("what would leave too many gaps is not taken in, and comes later", () => {
  const made = group(2, "line", { rangesMax: 2 });
  const rumour = (first: number) =>
    made.inject("n0", "n1", {
      ...{ kind: "batch", incarnation: 1, links: 0, number: first, gone: [], knows: [], isUrgent: false },
      rumours: [{ origin: "n9#1", first, payloads: [new Uint8Array(1)] }],
    });
  for (const first of [1, 3, 5]) rumour(first);
  expect(made.state("n1").peers.get("n0")?.owes.get("n9#1")).toEqual([
    [1, 1],
    [3, 3],
  ]);

  for (const first of [2, 5]) rumour(first);

  expect(made.state("n1").known.get("n9#1")).toEqual([
    [1, 3],
    [5, 5],
  ]);
});
