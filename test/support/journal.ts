import { InvariantViolation } from "../../src/base/invariant.ts";
import { defineMachine, type Machine } from "../../src/machines/machine.ts";

/** Keeps every text it was given: shows order, loss and repeats. Answers how many there are. */
export const journal: Machine<{ texts: string[] }, string, number, void, string[]> = defineMachine({
  initial: () => ({ texts: [] as string[] }),
  apply: (state, text: string) => {
    if (text.startsWith("refuse")) throw new Error(text);
    if (text.startsWith("break")) throw new InvariantViolation("the journal is whole");
    return state.texts.push(text);
  },
  query: (state) => [...state.texts],
});
