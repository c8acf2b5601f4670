import { invariant } from "../../../base/invariant.ts";
import type { TotalOrderState } from "../../../protocols/total-order/index.ts";
import { isWedged } from "../../../protocols/total-order/state.ts";
import type { Rest, Standing } from "../explorable.ts";
import { orderEssence } from "./essence.ts";
import type { TotalOrderTerms } from "./terms.ts";
import { restAlarms } from "./time.ts";

type State = Readonly<TotalOrderState>;

/** In the end all who live are in one view, and what they multicast is delivered. */
export function totalOrderRest(give: Rest<TotalOrderTerms>["alarms"][number]): Rest<TotalOrderTerms> {
  return {
    alarms: [give, ...restAlarms],
    essence: orderEssence,
    isLost: (members) => {
      const all = members.map(({ state }) => state);
      return livingOf(members).some((state) => isForsaken(state, all));
    },
    isSignOfLife: ({ kind }) => kind === "null" || kind === "join", // who may never come in applies for ever
    check: checkRest,
  };
}

function checkRest(members: readonly Standing<TotalOrderTerms>[]): void {
  const living = livingOf(members);
  const [first] = living;
  for (const state of living) {
    const { config, phase, view, position, restored, backlog, framed } = state;
    invariant(phase === "member", `who lives is in a view in the end: ${config.node} is ${phase}`);
    const isSame = view.number === first?.view.number && position === first.position;
    invariant(isSame, `members end in one view, at one position: ${config.node} in ${view.number} at ${position}`);
    invariant(!isWedged(state), `nobody stands still in the end: ${config.node}`);
    invariant(restored, `a newcomer has the state in the end: ${config.node}`);
    const openCount = backlog.length + framed.size;
    invariant(
      openCount === 0,
      `who stays delivers what it multicast (Validity): ${openCount} of ${config.node} are left`,
    );
  }
}

function livingOf(members: readonly Standing<TotalOrderTerms>[]): readonly State[] {
  return members.map(({ state }) => state).filter(({ phase }) => phase !== "ended");
}

/**
 * Whether too few are left for a process to go on with: some have crashed, or it is leaving anyway.
 *
 * Others who are gone went by agreement, and those who stay are told of it.
 */
function isForsaken({ view, leavingTicks }: State, all: readonly State[]): boolean {
  const runs = view.members.map(({ node, incarnation }) =>
    all.find(({ config }) => config.node === node && config.incarnation === incarnation),
  );
  const livingCount = runs.filter((state) => state !== undefined && state.phase !== "ended").length;
  const mayBe = runs.includes(undefined) || leavingTicks !== undefined;
  return mayBe && livingCount <= view.members.length / 2 && view.members.length > 0;
}
