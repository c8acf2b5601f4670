import { describe, expect, test } from "vitest";
import { only, PaxosMember, update } from "../../../test/support/paxos-member.ts";
import { clientOf, clientRecords, forgetClients, isExecuted, noteExecuted, noteQueued } from "./clients/executed.ts";
import { allPending } from "./clients/pending.ts";
import { viewOf } from "./membership/configurations.ts";

const view = (attempt: number) => viewOf(0, attempt);
const x = update("x", 1);

describe("C1, C4: (client, timestamp)", () => {
  test("an update is known again, whatever the order in which updates came", () => {
    const clients = new Map();
    for (const timestamp of [1, 4, 2]) noteExecuted(clientOf(clients, 7), timestamp, timestamp);
    expect([1, 2, 3, 4, 5].map((timestamp) => isExecuted(clients, 7, timestamp))).toEqual([
      true,
      true,
      false,
      true,
      false,
    ]);

    noteExecuted(clientOf(clients, 7), 3, 4);
    expect(clientRecords(clients)).toEqual([{ client: 7, next: 5, above: [] }]);
  });

  test("what is queued is not queued again, and what is executed neither", () => {
    const clients = new Map();
    noteExecuted(clientOf(clients, 7), 2, 1);

    expect([1, 1, 2, 4, 4, 3, 3, 5].map((timestamp) => noteQueued(clients, 7, timestamp))).toEqual([
      ...[true, false, false, true, false, true, false, true],
    ]);
  });

  test("clients whose last update is furthest back are forgotten beyond the maximum", () => {
    const clients = new Map();
    for (let client = 1; client <= 9; client++) noteExecuted(clientOf(clients, client), 1, client);
    forgetClients(clients, 8);

    expect([...clients.keys()]).toEqual([2, 3, 4, 5, 6, 7, 8, 9]);
  });

  test("a leader orders a repeat once", () => {
    const member = new PaxosMember();
    member.lead();
    member.receive(
      "b",
      { kind: "clientUpdate", updates: [x], hops: 1 },
      { kind: "clientUpdate", updates: [x], hops: 0 },
    );

    expect(member.state.leadership?.lastProposed).toBe(1);
  });

  test("and not after it was executed", () => {
    const member = new PaxosMember({ records: [{ kind: "learned", first: 1, updates: [x] }] });
    member.lead([], 1);
    member.receive("b", { kind: "clientUpdate", updates: [x], hops: 1 });

    expect(member.state.leadership?.lastProposed).toBe(1);
  });
});

describe("C2: an owner's proposal", () => {
  test("is refused while nobody is known to lead: then it was certainly not begun", () => {
    const member = new PaxosMember();

    expect(member.propose(1, "p")).toEqual(["refused #1 no-leader"]);
  });

  test("goes to the leader in one message a step", () => {
    const member = new PaxosMember();
    member.follow();
    const words = member.step(
      ...["p", "q"].map((text, id) => {
        return {
          kind: "request",
          request: { kind: "propose", id, payloads: [new TextEncoder().encode(text)] },
        } as const;
      }),
    );

    expect(words).toEqual(["⇢ b e0 a0 clientUpdate of 2, hops 1"]);
  });

  test.each([
    ["too-large", { payloadBytesMax: 1 }, "pp"],
    ["busy", { waitingCountMax: 0 }, "p"],
    ["busy", { queueBytesMax: 0 }, "p"],
  ])("is refused as %s beyond a bound", (reason, options, text) => {
    const member = new PaxosMember({ options });
    member.follow();

    expect(member.propose(1, text)).toEqual([`refused #1 ${reason}`]);
  });

  test("is applied where it stands in the order, and only once that is delivered", () => {
    const member = new PaxosMember();
    member.follow();
    member.propose(5, "p");
    const [own] = allPending(member.state.pending).map(({ update: sent }) => ({ ...sent, term: 1 }));
    if (own === undefined) throw new Error("it waits");
    const words = member.receive("b", {
      kind: "proposal",
      view: view(1),
      first: 1,
      updates: [own],
      ordered: 1,
      stable: 0,
    });
    expect(only(words, "accepted", "settled")).toEqual(["accepted #5 at 1@1"]);

    expect(member.flush()).toEqual(['committed 1@1 "p"', "settled #5 applied"]);
  });
});

describe("C3: the Update_Timer", () => {
  test("sends again what is not ordered, and now and then through another member, which passes it on once", () => {
    const member = new PaxosMember({ options: { progressTicks: 200 } });
    member.follow();
    member.receive("c", { kind: "viewProof", installed: view(1), heard: ["a"], leaderAlive: true });
    member.propose(1, "p");
    const words = member.tick(64).filter((word) => word.includes("clientUpdate"));
    expect(words.map((word) => word.slice(0, 3))).toEqual(["⇢ b", "⇢ c", "⇢ b", "⇢ c"]);

    const passed = member.receive("c", { kind: "clientUpdate", updates: [x], hops: 1 });
    expect(passed).toEqual(["⇢ b e0 a0 clientUpdate of 1, hops 0"]);
    expect(member.receive("c", { kind: "clientUpdate", updates: [x], hops: 0 })).toEqual([]);
  });
});

describe("C7: a change of leaders settles nothing", () => {
  test("what is pending goes to the next leader at once", () => {
    const member = new PaxosMember();
    member.follow();
    member.propose(1, "p");
    const words = member.receive("c", { kind: "heartbeat", view: view(2), ordered: 0, stable: 0, round: 0 });

    expect(words).toEqual(["leader c in t2", "⇢ c e0 a0 clientUpdate of 1, hops 1"]);
  });

  test("or into the own queue of who leads next", () => {
    const member = new PaxosMember();
    member.follow();
    member.propose(1, "p");
    member.tick(30);
    member.lead();

    expect(member.state.leadership?.lastProposed).toBe(1);
  });
});
