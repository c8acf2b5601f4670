import { majority } from "../../protocols/quorum/majority.ts";
import type { Decree, TotalOrderState, ViewMember } from "../../protocols/total-order/index.ts";
import type { KnownGroup, Ledger } from "./ledger.ts";

/** What is known of the processes when it is asked whether a group can go on. */
export interface Survivors {
  /** States of all processes that run and have not ended. */
  readonly states: readonly Readonly<TotalOrderState>[];
  /** Decrees that seeds have voted for, of those that will remember. */
  readonly foundings: readonly Decree[];
  readonly isDurable: boolean;
}

/**
 * Why the members cannot be expected to come together: what the guarantees do not cover.
 *
 * A majority of the newest view is gone, or its state is; founders are, before anyone was in view 1; or, where seeds
 * remember nothing, two groups were founded.
 */
export function excuse(ledger: Ledger, survivors: Survivors): "majorityLost" | "twoGroups" | undefined {
  const groups = [...ledger.groups];
  const living = groups.filter(([name, group]) => !isLost(name, group, survivors));
  if (living.length > 1) return "twoGroups";
  const stuck = survivors.states.filter(
    ({ view }) => view.group !== "" && living.every(([name]) => name !== view.group),
  );
  if (stuck.length > 0) return "majorityLost";
  if (living.length > 0) return undefined;
  const isRemembered = survivors.isDurable && groups.length > 0;
  const isLostAtBirth = survivors.foundings.some(({ group, members }) => !hasMajority(group, members, survivors));
  const isMissed = survivors.states.some(({ seeking }) => seeking.gone !== undefined);
  return isRemembered || isLostAtBirth || isMissed ? "majorityLost" : undefined;
}

function isLost(name: string, { newest }: KnownGroup, survivors: Survivors): boolean {
  if (!hasMajority(name, newest.members, survivors)) return true;
  return newest.members.every((member) => {
    const state = stateOf(name, member, survivors);
    return state === undefined || !(state.restored || (state.phase === "seeking" && member.restored));
  });
}

function hasMajority(name: string, members: readonly ViewMember[], survivors: Survivors): boolean {
  const present = members.filter((member) => stateOf(name, member, survivors) !== undefined);
  return members.length > 0 && present.length >= majority(members.length);
}

/** The state of a member that runs, in this group or about to enter it. */
function stateOf(
  name: string,
  { node, incarnation }: ViewMember,
  { states }: Survivors,
): Readonly<TotalOrderState> | undefined {
  return states.find(({ config, view }) => {
    return config.node === node && config.incarnation === incarnation && (view.group === "" || view.group === name);
  });
}
