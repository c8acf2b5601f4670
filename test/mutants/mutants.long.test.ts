import { expect, test } from "vitest";
import { catalogue, explorationsOf, mutants } from "./catalogue/catalogue.ts";
import { type Catch, effortWords, type Hunt } from "./hunt.ts";
import { huntMutant } from "./hunting.ts";

/** The longest that one hunt may take. */
const huntMsMax = 240_000;

interface Row {
  readonly name: string;
  readonly hunt: Hunt | undefined;
  readonly caught: Catch;
  readonly seconds: number;
}

test.each(Object.entries(catalogue))("every mutant of %s is caught; what is not is a hole", async (protocol, all) => {
  const left = [...all];
  const rows: Row[] = [];
  const hunter = async (): Promise<void> => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) {
      for (const hunts of next.orders === undefined ? [next.hunts] : [next.hunts, [next.orders]]) {
        const startedAt = performance.now();
        const found = await hunt(`${protocol}/${next.name}`, hunts);
        const row = { name: next.name, ...found, seconds: (performance.now() - startedAt) / 1000 };
        rows.push(row);
        console.log(line(row));
      }
    }
  };
  await Promise.all([hunter(), hunter()]);

  const order = all.map(({ name }) => name);
  rows.sort((one, other) => order.indexOf(one.name) - order.indexOf(other.name));
  console.log(["", protocol, ...rows.map(line), ""].join("\n"));
  expect(rows.filter(({ caught }) => caught.claim === undefined).map(({ name }) => name)).toEqual([]);
});

test.each(explorationsOf(mutants).map((each) => [JSON.stringify(each), each] as const))(
  "the sources as they are pass %s",
  async (_, orders) => {
    const { claim, effort } = await huntMutant(undefined, orders, huntMsMax);

    console.log(`${JSON.stringify(orders)}: ${effort} states`);
    expect(claim).toBeUndefined();
    expect(effort).toBeGreaterThan(0); // what took too long has shown nothing
  },
);

async function hunt(path: string, hunts: readonly Hunt[]): Promise<{ hunt: Hunt | undefined; caught: Catch }> {
  for (const each of hunts) {
    const caught = await huntMutant(path, each, huntMsMax);
    if (caught.claim !== undefined) return { hunt: each, caught };
  }
  return { hunt: undefined, caught: { claim: undefined, effort: 0 } };
}

/** Mutant, which harness found it, seeds or states needed, seconds, and what was said. */
function line({ name, hunt: by, caught, seconds }: Row): string {
  const words = by === undefined ? "NOT FOUND" : `${by.by.padEnd(9)} ${caught.effort} ${effortWords[by.by]}`;
  const claim = caught.claim?.replace("it must be that ", "").split("\n")[0] ?? "";
  return `${name.padEnd(36)} ${words.padEnd(26)} ${seconds.toFixed(1).padStart(6)} s  ${claim}`;
}
