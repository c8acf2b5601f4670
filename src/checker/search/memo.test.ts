import fc from "fast-check";
import { expect, test } from "vitest";
import { Memo } from "./memo.ts";

interface Place {
  readonly turn: number;
  readonly state: number;
  readonly ahead: readonly [number, number];
  readonly open: readonly [number, number];
}

const word = fc.oneof(fc.nat(3), fc.constantFrom(0, -1, 1 << 31));
const place: fc.Arbitrary<Place> = fc.record({
  turn: fc.nat(9),
  state: fc.nat(9),
  ahead: fc.tuple(word, word),
  open: fc.tuple(word, word),
});

test("a place is known if one like it, with a part of its open calls, has been added; however many there are", () => {
  fc.assert(
    fc.property(fc.array(place, { minLength: 300, maxLength: 1500, size: "max" }), (places) => {
      const memo = new Memo(2, 2);
      const added: Place[] = [];
      for (const each of places) {
        const { turn, state, ahead, open } = each;
        const isKnown = added.some(
          (other) =>
            other.turn === turn &&
            other.state === state &&
            other.ahead.every((bits, at) => bits === ahead[at]) &&
            other.open.every((bits, at) => (bits & ~(open[at] ?? 0)) === 0),
        );
        if (memo.isFull) memo.grow();

        const isNew = memo.add(turn, state, Int32Array.from(ahead), Int32Array.from(open));

        if (isNew === isKnown) expect({ place: each, isNew }).toEqual({ place: each, isNew: !isKnown });
        if (isNew) added.push(each);
      }
      expect(memo.bytes).toBeGreaterThanOrEqual(added.length * 7 * 4);
    }),
    { numRuns: 20, endOnFailure: true }, // making hundreds of places fewer would take minutes,
  );
});

test("places whose hashes fall into one bucket are still told apart", () => {
  const memo = new Memo(1, 0);
  const none = new Int32Array(0);
  let added = 0;
  for (let state = 0; state < 20_000; state++) {
    if (memo.isFull) memo.grow();
    if (memo.add(0, state, Int32Array.of(0), none)) added++;
  }

  const again = Array.from({ length: 20_000 }, (_, state) => memo.add(0, state, Int32Array.of(0), none)).filter(
    Boolean,
  );

  expect([added, again.length]).toEqual([20_000, 0]);
});
