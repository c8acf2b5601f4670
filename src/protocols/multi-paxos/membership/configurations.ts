import type { NodeId } from "../../../base/ids.ts";
import { invariant } from "../../../base/invariant.ts";
import { isListed, type Member, type Membership, membershipOf } from "../../replicated-log.ts";
import type { Configuration } from "../messages.ts";

/** Views of one epoch at the most. */
const attemptsMax = 2 ** 32;

/** A view is a pair, kept in one number: the epoch, then how many attempts came before in it. */
export function viewOf(epoch: number, attempt: number): number {
  return epoch * attemptsMax + attempt;
}

/** The epoch whose members a view is of. */
export function epochOf(view: number): number {
  return Math.floor(view / attemptsMax);
}

/** The number of a view within its epoch. */
export function attemptOf(view: number): number {
  return view % attemptsMax;
}

/** Who leads a view: the view map that all know. */
export function leaderOf({ epoch, members }: Configuration, view: number): NodeId {
  invariant(epochOf(view) === epoch, "a view is led by a member of its epoch");
  return (members[attemptOf(view) % members.length] as Member).id;
}

/** The bit of a voter among those of its epoch; 0 of who is none. */
export function bitOf(configuration: Configuration | undefined, id: NodeId): number {
  const place = configuration?.members.findIndex((member) => member.id === id) ?? -1;
  return place < 0 ? 0 : 1 << place;
}

/** The first view after `view` in the epoch that `id` leads. */
export function nextViewOf({ epoch, members }: Configuration, view: number, id: NodeId): number {
  const place = members.findIndex((member) => member.id === id);
  invariant(place >= 0, "only members lead");
  const from = Math.max(view + 1, viewOf(epoch, 0));
  const ahead = (place - (attemptOf(from) % members.length) + members.length) % members.length;
  return from + ahead;
}

/** A new group's only configuration. */
export function foundingOf(members: readonly Member[], alpha: number): Configuration {
  return { epoch: 0, decided: 0, start: 1, alpha, members, learners: [] };
}

/** Who takes part in deciding `seq`; `undefined`: nobody is known yet. */
export function configurationAt(configurations: readonly Configuration[], seq: number): Configuration | undefined {
  return configurations.findLast(({ start }) => start <= seq);
}

/** The configuration after `configuration`, once it is decided. */
export function successorOf(
  configurations: readonly Configuration[],
  { epoch }: Configuration,
): Configuration | undefined {
  return configurations.find((other) => other.epoch === epoch + 1);
}

/**
 * A change of members stands at `seq` in the order: it holds from a pipeline window later on (M1).
 *
 * False: another is pending there, and this one is void. Known before, from a base: the same again.
 */
export function decide(
  configurations: Configuration[],
  seq: number,
  change: Pick<Configuration, "alpha" | "members" | "learners">,
): boolean {
  if (configurations.some(({ decided }) => decided === seq)) return true;
  const before = configurations.filter(({ decided }) => decided < seq).at(-1);
  if (before === undefined || before.start > seq) return false;
  configurations.push({ ...change, epoch: before.epoch + 1, decided: seq, start: seq + before.alpha });
  return true;
}

/** The configurations that what follows `floor` may need. */
export function configurationsAfter(configurations: readonly Configuration[], floor: number): readonly Configuration[] {
  const first = configurations.findLastIndex(({ start }) => start <= floor + 1);
  return configurations.slice(Math.max(0, first));
}

/** Whether `id` takes part, with a vote or without. */
export function isNamed({ members, learners }: Configuration, id: NodeId): boolean {
  return isListed(members, id) || isListed(learners, id);
}

/** Who takes part as of the newest configuration decided; with `outgoing` while `present` still decides. */
export function membershipAt(configurations: readonly Configuration[], present: Configuration | undefined): Membership {
  const newest = configurations.at(-1);
  if (newest === undefined) return membershipOf([]);
  const outgoing = newest.epoch === present?.epoch ? [] : (present?.members ?? []);
  return { members: newest.members, outgoing, learners: newest.learners };
}
