import { setTimeout as pause } from "node:timers/promises";
import { expect, test } from "vitest";
import { fromUtf8, toUtf8 } from "../../../base/text.ts";
import { type StateBytes, StateGiving } from "./state-transfer.ts";

/** Gives the state "abcdefg", two letters at a time, and writes down what was given. */
function newGiving() {
  const given: string[] = [];
  let gets = 0;
  const state: StateBytes = {
    get: async () => {
      gets++;
      return [toUtf8("abc"), toUtf8("defg")];
    },
    set: async () => {},
  };
  const giving = new StateGiving(
    state,
    2,
    (request) => {
      if (request.kind === "state") {
        given.push(`${request.to.node} ${fromUtf8(request.bytes)}${request.last ? "." : ""}`);
      }
    },
    (error) => given.push(String(error)),
  );
  const want = async (node: string, offset: number, view = 1): Promise<void> => {
    const to = { node, incarnation: 1 };
    giving.wanted({ kind: "stateWanted", view, position: 0, to, offset }, (task) => void task());
    await pause(1);
  };
  return { giving, given, want, gets: () => gets };
}

test("newcomers of one view read the same state, each at its own pace", async () => {
  const { given, want, gets } = newGiving();
  await Promise.all([want("x", 0), want("y", 0)]);
  for (const offset of [2, 4, 6]) await want("x", offset);
  for (const offset of [2, 4, 6]) await want("y", offset);

  expect(given).toEqual(["x ab", "y ab", "x cd", "x ef", "x g.", "y cd", "y ef", "y g."]);
  expect(gets()).toBe(1);
});

test("what all newcomers have is held no longer; what one lacks is", async () => {
  const { given, want } = newGiving();
  await Promise.all([want("x", 0), want("y", 0)]);
  await want("x", 4);
  await want("y", 2);
  await want("y", 0); // which nobody asks any more: the piece is gone

  expect(given.slice(2)).toEqual(["x ef", "y cd", "y "]);
});

test("another view's newcomers read a newer state", async () => {
  const { giving, given, want, gets } = newGiving();
  await want("x", 0);
  giving.forget();
  await want("x", 0, 2);

  expect(given).toEqual(["x ab", "x ab"]);
  expect(gets()).toBe(2);
});
