import { isNodeId, type NodeId } from "../../../base/ids.ts";
import type { Member, Membership } from "../../../protocols/replicated-log.ts";
import { InvalidChangeError } from "../../errors.ts";
import { parseAddress } from "../../transports/addresses.ts";

/** How the membership is to change; all who are not named stay as they are. What is so already is a success. */
export type MembershipChange =
  /** As a learner: it receives everything and decides nothing, until it is promoted. */
  | { readonly kind: "add"; readonly id: NodeId; readonly address: string }
  /** A learner that has caught up becomes a voter. */
  | { readonly kind: "promote"; readonly id: NodeId }
  | { readonly kind: "remove"; readonly id: NodeId }
  /** Where the others reach it from now on. */
  | { readonly kind: "update"; readonly id: NodeId; readonly address: string }
  /** All voters and all learners at once; a new voter must be a learner that has caught up. */
  | { readonly kind: "set"; readonly members: readonly Member[]; readonly learners: readonly Member[] };

/** Who should take part. */
export type WantedMembership = Pick<Membership, "members" | "learners">;

/** What `change` makes of `now`. Throws `InvalidChangeError`. */
export function applyChange({ members, learners }: WantedMembership, change: MembershipChange): WantedMembership {
  const now = { members, learners };
  const wanted = change.kind === "set" ? change : applyToOne(now, change);
  if (wanted.members.length === 0) {
    throw new InvalidChangeError("no voter would be left, and nothing could be agreed on any more");
  }
  checkPlaces(allOf(now), allOf(wanted));
  return wanted;
}

/** Who is new, or moves, must be where it can be reached, and nobody else is. */
function checkPlaces(now: readonly Member[], wanted: readonly Member[]): void {
  for (const { id, address } of wanted) {
    if (now.some((member) => member.id === id && member.address === address)) continue;
    if (parseAddress(address) === undefined) {
      throw new InvalidChangeError(`${JSON.stringify(address)}, of ${id}, is not host:port`);
    }
    const other = wanted.find((member) => member.id !== id && member.address === address);
    if (other !== undefined) throw new InvalidChangeError(`${address} is where ${other.id} is reached, not ${id}`);
  }
}

function applyToOne(
  { members, learners }: WantedMembership,
  change: Exclude<MembershipChange, { readonly kind: "set" }>,
): WantedMembership {
  const { id } = change;
  if (!isNodeId(id)) throw new InvalidChangeError(`${JSON.stringify(id)} is no node id`);
  const known = allOf({ members, learners }).find((member) => member.id === id);
  switch (change.kind) {
    case "add":
      if (known !== undefined && known.address !== change.address) {
        throw new InvalidChangeError(`${id} takes part already, at ${known.address}; to move it, update it`);
      }
      return known === undefined
        ? { members, learners: [...learners, { id, address: change.address }] }
        : { members, learners };
    case "remove":
      return { members: without(members, id), learners: without(learners, id) };
    case "promote":
      if (known === undefined) throw new InvalidChangeError(`${id} takes no part; add it first`);
      return { members: [...without(members, id), known], learners: without(learners, id) };
    case "update":
      if (known === undefined) throw new InvalidChangeError(`${id} takes no part; add it first`);
      return { members: moved(members, id, change.address), learners: moved(learners, id, change.address) };
  }
}

/** Whether both name the same voters and learners, at the same addresses. */
export function isSameMembership(one: WantedMembership, other: WantedMembership): boolean {
  return isSameList(one.members, other.members) && isSameList(one.learners, other.learners);
}

function allOf({ members, learners }: WantedMembership): readonly Member[] {
  return [...members, ...learners];
}

function isSameList(one: readonly Member[], other: readonly Member[]): boolean {
  const addresses = new Map(other.map(({ id, address }) => [id, address]));
  return one.length === other.length && one.every(({ id, address }) => addresses.get(id) === address);
}

function without(members: readonly Member[], id: NodeId): readonly Member[] {
  return members.filter((member) => member.id !== id);
}

function moved(members: readonly Member[], id: NodeId, address: string): readonly Member[] {
  return members.map((member) => (member.id === id ? { id, address } : member));
}
