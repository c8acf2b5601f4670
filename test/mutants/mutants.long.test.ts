import { expect, test } from "vitest";
import { mutants } from "./catalogue.ts";
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

test("every mutant is caught by a harness; what is not is a hole in it", async () => {
  const left = [...mutants];
  const rows: Row[] = [];
  const hunter = async (): Promise<void> => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) {
      const startedAt = performance.now();
      const found = await hunt(next.name, next.hunts);
      const row = { name: next.name, ...found, seconds: (performance.now() - startedAt) / 1000 };
      rows.push(row);
      console.log(line(row));
    }
  };
  await Promise.all([hunter(), hunter()]);

  const order = mutants.map(({ name }) => name);
  rows.sort((one, other) => order.indexOf(one.name) - order.indexOf(other.name));
  console.log(["", ...rows.map(line), ""].join("\n"));
  expect(rows.filter(({ caught }) => caught.claim === undefined).map(({ name }) => name)).toEqual([]);
});

async function hunt(name: string, hunts: readonly Hunt[]): Promise<{ hunt: Hunt | undefined; caught: Catch }> {
  for (const each of hunts) {
    const caught = await huntMutant(name, each, huntMsMax);
    if (caught.claim !== undefined) return { hunt: each, caught };
  }
  return { hunt: undefined, caught: { claim: undefined, effort: 0 } };
}

/** Mutant, which harness found it, seeds or states needed, seconds, and what was said. */
function line({ name, hunt: by, caught, seconds }: Row): string {
  const words = by === undefined ? "NOT FOUND" : `${by.by.padEnd(9)} ${caught.effort} ${effortWords[by.by]}`;
  const claim = caught.claim?.replace("it must be that ", "").split("\n")[0] ?? "";
  return `${name.padEnd(34)} ${words.padEnd(26)} ${seconds.toFixed(1).padStart(6)} s  ${claim}`;
}
