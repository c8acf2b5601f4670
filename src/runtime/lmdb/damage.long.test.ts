import { tmpdir } from "node:os";
import { expect, test } from "vitest";
import { describeFlips } from "../../../test/support/damaged-database.ts";

test("every byte of a database that is flipped is refused by name, or matters to nobody", async () => {
  const { refused, wrong } = await describeFlips(tmpdir(), () => true);

  expect(wrong).toEqual([]);
  expect(refused).toBeGreaterThan(20_000);
});
