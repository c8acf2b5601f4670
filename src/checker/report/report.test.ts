import { expect, test } from "vitest";
import { checkLinearizable, type KvCall, type KvResult, kvModel, type Operation } from "../index.ts";

type KvOperation = Operation<KvCall, KvResult>;

const call = (client: string, call: KvCall, calledAt: number, result?: KvResult, returnedAt?: number): KvOperation => ({
  client,
  call,
  calledAt,
  result,
  returnedAt,
});
const stale = [
  call("n1", { kind: "put", key: "x", value: "old" }, 1, { kind: "stored" }, 4),
  call("n2", { kind: "get", key: "x" }, 2, { kind: "missing" }, 3),
  call("n1", { kind: "put", key: "x", value: "<new>" }, 5, { kind: "stored" }, 8),
  call("n3", { kind: "delete", key: "x" }, 6),
  call("n2", { kind: "get", key: "x" }, 9, { kind: "found", value: "old" }, 10),
  call("n2", { kind: "get", key: "x" }, 11, { kind: "missing" }, 12),
];

test("a violation in text: the calls that matter, the longest order, the call that fits nowhere", () => {
  const verdict = checkLinearizable(stale, kvModel);

  expect(`\n${verdict.text()}\n`).toBe(`
not linearizable as kv, part x: no order explains get x -> "old"

  1  n1  1 .. 4   put x "old" -> stored
  2  n1  5 .. 8   put x "<new>" -> stored
  !  n2  9 .. 10  get x -> "old"

Numbers: the longest order that can be. !: no order gets past this call. -: not in that order.
Left out: 3 calls that would not help, whenever they took effect.
`);
});

test("its picture is one file that needs nothing else, marks the order and the call, and escapes what it shows", () => {
  const page = checkLinearizable(stale, kvModel).html();

  const [matter = "", whole = ""] = page.split("<details").slice(1);
  expect(page).not.toMatch(/https?:|<link|src=|@import|url\(/);
  expect(page).not.toContain("<new>");
  expect(page.match(/<details/g)).toHaveLength(2);
  expect(matter.match(/<g class="placed"/g)).toHaveLength(2);
  expect(matter.match(/<g class="stuck" data-stuck/g)).toHaveLength(1);
  expect(matter.match(/<circle/g)).toHaveLength(2);
  expect(matter).toContain("n1: put x &quot;&lt;new&gt;&quot; -&gt; stored\n5 to 8\nnumber 2 of the order");
  expect(whole).toContain('<g class="unused open"><title>n3: delete x -&gt; ?\ncalled at 6, never answered');
  expect(page).toMatchSnapshot();
});

test("calls that one client has open at once stand in rows of their own; what is not drawn is counted", () => {
  const many = Array.from({ length: 6000 }, (_, at) =>
    call(`c${at % 12}`, { kind: "put", key: `k${at % 2}`, value: "v" }, at, { kind: "stored" }, at + 30),
  );

  const page = checkLinearizable(many, kvModel).html();

  expect(page.match(/<g /g)).toHaveLength(5000);
  expect(page).toContain("(1000 calls are not shown)");
  expect(page.match(/<div>c7<\/div><div><\/div>/g)?.length).toBeGreaterThan(0);
});
