import { expect, test } from "vitest";
import { GossipGroup } from "../../../test/support/gossip-group.ts";
import { newRandom, nextBelow } from "../../base/random.ts";
import { toUtf8 } from "../../base/text.ts";

test("B5: with `traffic` a node's batches reach the one above just before its own leave", () => {
  const made = new GossipGroup({ members: 4, delayTicks: 5, options: { tuning: "traffic", periodTicks: 30 } });
  made.run(20);
  for (let at = 0; at < 20; at++) {
    made.submit(`n${1 + (at % 3)}`, `x${at}`);
    made.run(29); // not in step with the period
  }
  made.run(60);

  const arrivals = made.since(300, "batch").filter(({ to }) => to === "n0");
  const departures = made.since(300, "batch").filter(({ from }) => from === "n0");
  expect(arrivals.length).toBeGreaterThan(5);
  for (const { sentAt } of arrivals) {
    const next = departures.find((departure) => departure.sentAt >= sentAt + 5);
    expect((next?.sentAt ?? 0) - (sentAt + 5)).toBeLessThanOrEqual(4);
  }
});

test("B5: the way to the node above is measured, whatever it was thought to take, and a busy node keeps to the time", () => {
  const timing = { tuning: "traffic" as const, periodTicks: 30, roundTripTicks: 2 };
  const made = new GossipGroup({ members: 4, delayTicks: 8, options: timing });
  made.run(20);
  for (let at = 0; at < 60; at++) {
    made.submit(`n${1 + (at % 3)}`, `x${at}`);
    made.run(7);
  }
  made.run(60);

  const arrivals = made.since(200, "batch").filter(({ to }) => to === "n0");
  const departures = made.since(200, "batch").filter(({ from }) => from === "n0");
  expect(arrivals.length).toBeGreaterThan(20); // of each in each period
  for (const { sentAt } of arrivals) {
    const next = departures.find((departure) => departure.sentAt >= sentAt + 8);
    expect((next?.sentAt ?? 0) - (sentAt + 8)).toBeLessThanOrEqual(4);
  }
});

test("B5: a payload waits once, where it was submitted, however many nodes it passes", () => {
  const [delayTicks, periodTicks, slackTicks] = [5, 60, 2];
  const options = { tuning: "traffic" as const, periodTicks, slackTicks, roundTripTicks: 2 * delayTicks };
  const made = new GossipGroup({ members: 7, delayTicks, options: { ...options, topology: { kind: "line" } } });
  const submittedAt = new Map<string, number>();
  for (let at = 0; at < 80; at++) {
    submittedAt.set(`x${at}`, made.tick);
    made.submit(`n${at % 7}`, `x${at}`);
    made.run(13);
  }
  made.run(300);

  const latencies = made.delivered
    .filter(({ text }) => Number(text.slice(1)) >= 40) // by then, all know when to send
    .map(({ text, at }) => at - (submittedAt.get(text) ?? 0));
  const hops = 2 * 6; // from one end of the line to the root at the other, and back
  expect(latencies).toHaveLength(40 * 7);
  expect(Math.max(...latencies)).toBeLessThanOrEqual(periodTicks + hops * (delayTicks + slackTicks + 1));
});

test("B5: what comes a little too late goes on soon, and does not wait for a period", () => {
  const options = { tuning: "traffic" as const, periodTicks: 100, lateTicks: 4 };
  const made = new GossipGroup({ members: 3, options });
  made.run(2);
  made.until(() => made.state("n0").gatherTicks === 98); // the last batches have just left

  const incarnation = made.state("n1").config.incarnation;
  const rumours = [{ origin: `n1#${incarnation}`, first: 1, payloads: [toUtf8("x")] }];
  const rest = { number: 1, gone: [], knows: [], isUrgent: false };
  made.inject("n1", "n0", { kind: "batch", incarnation, links: 0, rumours, ...rest });
  made.submit("n0", "y");

  expect(made.until(() => made.texts("n2").includes("x"), 10)).toBeLessThanOrEqual(4);
  made.submit("n0", "z");
  expect(made.until(() => made.texts("n2").includes("z"), 100)).toBeGreaterThan(90); // its own waits here
});

test("B5: however often the node above says when it sends on, sooner or later heard, a batch leaves once a period", () => {
  const [periodTicks, roundTripTicks] = [30, 4];
  const made = new GossipGroup({ members: 2, options: { tuning: "traffic", periodTicks, roundTripTicks } });
  const incarnation = made.state("n0").config.incarnation;
  const random = newRandom(1);
  made.submit("n1", "first");
  made.until(() => (made.state("n1").peers.get("n0")?.trips.length ?? 0) > 0);
  const from = made.tick;
  for (let at = 0; at < 40 * periodTicks; at++) {
    const dueTicks = Math.max(0, periodTicks - (at % periodTicks) - nextBelow(random, 4));
    made.inject("n0", "n1", { kind: "ack", incarnation, links: 0, dueTicks, knows: [] });
    made.submit("n1", `x${at}`);
    made.run(1);
  }

  const sent = made.since(from, "batch").filter(({ from: sender }) => sender === "n1");
  const gaps = sent.slice(1).map(({ sentAt }, at) => sentAt - (sent[at]?.sentAt ?? 0));
  expect(gaps.length).toBeGreaterThan(35);
  expect(Math.min(...gaps)).toBeGreaterThanOrEqual(periodTicks - 6);
  expect(Math.max(...gaps)).toBeLessThanOrEqual(periodTicks + 6);
});

test("B5: who does not know when the node above sends on sends at once, so that nothing waits twice", () => {
  const made = new GossipGroup({ members: 3, delayTicks: 2, options: { tuning: "traffic", periodTicks: 100 } });
  made.run(150);
  made.stop("n1");
  made.start("n1");
  made.run(1); // it has asked n0, and was not answered yet
  const from = made.tick;
  made.submit("n1", "x");
  made.run(2);

  expect(made.since(from - 1, "batch").map(({ from: sender }) => sender)).toEqual(["n1"]);
  expect(made.until(() => made.texts("n2").includes("x"))).toBeLessThanOrEqual(100 + 2 * 2);
});
