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
      const living = livingOf(members);
      return living.some((state) => !isWhole(state, living)); // somebody it needs is gone: only silence tells that
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

/** Whether all are alive whom a process counts on. */
function isWhole({ view }: State, living: readonly State[]): boolean {
  return view.members.every((member) =>
    living.some(({ config }) => config.node === member.node && config.incarnation === member.incarnation),
  );
}
