import { expect, test } from "vitest";
import { toUtf8 } from "../../base/text.ts";
import { encodeChange, type LoggedRecord, Recovery, type Update } from "../../protocols/multi-paxos/index.ts";
import { configurationAt } from "../../protocols/multi-paxos/membership/configurations.ts";
import { paxosProtocol } from "./multi-paxos.ts";

const [a, b, c, d] = ["a", "b", "c", "d"].map((id) => ({ id, address: `${id}:1` }));
const members = [a, b, c].flatMap((member) => member ?? []);

const put = (timestamp: number): Update => {
  return { term: 3, kind: "payload", payload: toUtf8(`u${timestamp}`), client: 7, timestamp };
};

function recovered(records: readonly LoggedRecord[]) {
  const recovery = new Recovery([], 2 ** 20, 1024);
  for (const record of records) recovery.take(record);
  return recovery.finish();
}

const survivor = { id: "b", address: "new:1" };

test("a lone survivor's order has all that it accepted, no-ops in the gaps, and its change; then it decides alone", () => {
  const stored: LoggedRecord[] = [
    paxosProtocol.firstRecord(members),
    { kind: "accepted", view: 3, first: 1, updates: [put(1), put(2)] },
    { kind: "ordered", through: 1 },
    { kind: "accepted", view: 3, first: 4, updates: [put(4)] },
  ];

  const alone = [...stored, ...paxosProtocol.alone(recovered(stored), survivor)];

  const { history, facts } = recovered(alone);
  expect(history.aru).toBe(4 + 1024);
  const kinds = history.slots.slice(0, 6).map((slot) => slot?.update.kind);
  expect(kinds).toEqual(["payload", "payload", "none", "payload", "members", "none"]);
  expect(configurationAt(facts.configurations, history.aru + 1)).toMatchObject({ epoch: 1, members: [survivor] });
});

test("a change that was pending comes first, or the survivor's own would be void", () => {
  const change = encodeChange({ alpha: 1024, members: [...members, d ?? survivor], learners: [] });
  const stored: LoggedRecord[] = [
    paxosProtocol.firstRecord(members),
    {
      kind: "accepted",
      view: 3,
      first: 1,
      updates: [{ ...put(1), kind: "members", payload: change, client: 0, timestamp: 0 }],
    },
  ];

  const { history, facts } = recovered([...stored, ...paxosProtocol.alone(recovered(stored), survivor)]);

  expect(history.aru).toBe(2 * 1024);
  expect(facts.configurations.map(({ epoch, members: each }) => [epoch, each.length])).toEqual([
    [0, 3],
    [1, 4],
    [2, 1],
  ]);
  expect(configurationAt(facts.configurations, history.aru + 1)?.epoch).toBe(2);
});

test("of survivors the one goes before whose gapless order ends in the later view, and then further on", () => {
  const newestOf = (...records: LoggedRecord[]) => {
    const { last, term } = paxosProtocol.survivor(recovered([paxosProtocol.firstRecord(members), ...records]));
    return { last, term };
  };
  const again = { kind: "accepted", view: 5, first: 1, updates: [put(1), put(2)] } as const; // first proposed in 3

  expect(newestOf(again)).toEqual({ last: 2, term: 5 });
  expect(newestOf({ ...again, view: 3 }, { kind: "accepted", view: 3, first: 9, updates: [put(9)] })).toEqual({
    last: 2,
    term: 3,
  });
  expect(newestOf({ kind: "learned", first: 1, updates: [put(1)] })).toEqual({ last: 1, term: undefined });
});
