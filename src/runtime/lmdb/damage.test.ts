import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { expect, test } from "vitest";
import { describeFlips } from "../../../test/support/damaged-database.ts";

const pageBytes = 4096;
const metaBytes = 168;
const structureBytes = 64; // of a page: its header and first pointers

test("whichever byte of a database is flipped, it is refused by name, or matters to nobody", async () => {
  const isTried = (offset: number): boolean => {
    const place = offset % pageBytes;
    if (offset < 2 * pageBytes) return place < metaBytes && place % 3 === 0;
    return place < structureBytes ? offset % 11 === 0 : offset % 1021 === 0;
  };

  const { refused, harmless, wrong } = await describeFlips(existsSync("/dev/shm") ? "/dev/shm" : tmpdir(), isTried);

  expect(wrong).toEqual([]);
  expect(refused).toBeGreaterThan(40);
  expect(harmless).toBeGreaterThan(40);
}, 60_000);
