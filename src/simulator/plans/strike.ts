import { unreachable } from "../../base/invariant.ts";
import type { Vocabulary } from "../../protocols/core.ts";
import { majority } from "../../protocols/quorum/majority.ts";
import type { Cluster } from "../cluster.ts";
import type { Member } from "../member.ts";
import type { Group } from "../subject.ts";
import type { Action, Fault } from "./plan.ts";

type AnyMember = Member<Vocabulary, unknown>;

/** Carries out an action on whom it means now; what it did ends after its time. Returns whom it struck. */
export function strike(group: Group, action: Action): string {
  const { cluster } = group;
  const { fault, pick } = action;
  const member = cluster.find(action.target, pick);
  const end = (run: () => void) => cluster.queue.after(action.lastsMs, run);
  switch (fault.kind) {
    case "crash": {
      const crash = () => {
        cluster.crash(member.id, fault.hint);
        end(() => startAgain(cluster, member));
      };
      if (pick % 2 === 0) crash();
      else member.disk.interrupt(crash); // in the middle of its next write
      break;
    }
    case "powerCut":
      for (const each of cluster.members) cluster.crash(each.id, false);
      for (const each of cluster.members) end(() => startAgain(cluster, each));
      break;
    case "pause":
      cluster.pause(member.id);
      end(() => cluster.resume(member.id));
      break;
    case "jump":
      member.clock.leap(fault.ms);
      break;
    case "slowDisk":
    case "stuckDisk":
    case "fullDisk":
    case "flip":
      strikeDisk(group, member, action);
      break;
    case "restart":
      cluster.crash(member.id);
      member.plan = { ...member.plan, options: { ...member.plan.options, ...fault.options } };
      end(() => startAgain(cluster, member));
      break;
    case "act":
      group.act(fault.name, member.id, action);
      break;
    default:
      strikeLinks(cluster, member, action, fault);
  }
  return member.id;
}

function startAgain(cluster: Cluster<Vocabulary, unknown>, member: AnyMember): void {
  if (!member.isUp && !member.isLost) cluster.start(member.id);
}

/** Bits flip on a minority's disks at the most: what a majority has lost, no protocol brings back. */
function strikeDisk(group: Group, { id, disk }: AnyMember, { fault, lastsMs, pick }: Action): void {
  const { cluster } = group;
  if (fault.kind === "flip") {
    if (group.canSpare?.(id) ?? leavesMajority(cluster, id)) disk.store.flip(pick);
    return;
  }
  if (fault.kind === "slowDisk") disk.slowMs = fault.ms;
  if (fault.kind === "stuckDisk") disk.isStuck = true;
  if (fault.kind === "fullDisk") disk.isFull = true;
  cluster.queue.after(lastsMs, () => disk.mend());
}

function leavesMajority({ members }: Cluster<Vocabulary, unknown>, id: string): boolean {
  const sound = members.filter((each) => each.id !== id && !each.isLost && !each.disk.store.isDamaged);
  return sound.length >= majority(members.length);
}

type LinkFault = Exclude<
  Fault,
  {
    readonly kind:
      | "crash"
      | "powerCut"
      | "pause"
      | "jump"
      | "slowDisk"
      | "stuckDisk"
      | "fullDisk"
      | "flip"
      | "restart"
      | "act";
  }
>;

function strikeLinks(cluster: Cluster<Vocabulary, unknown>, member: AnyMember, action: Action, fault: LinkFault): void {
  const { network, queue } = cluster;
  const { pick, lastsMs } = action;
  const others = cluster.members.filter((each) => each !== member);
  const other = others[pick % Math.max(1, others.length)] ?? member;
  const during = (links: readonly (readonly [number, number])[]) => {
    for (const [from, to] of links) network.cut(from, to);
    queue.after(lastsMs, () => {
      for (const [from, to] of links) network.join(from, to);
    });
  };
  switch (fault.kind) {
    case "isolate":
      if (fault.hint) cluster.hint(member.id, false);
      return during(bothWays(cluster.linksOf([member.id])));
    case "split": {
      const inside = [member, ...rotated(others, pick).slice(0, fault.count)].map((each) => each.id);
      return during(bothWays(cluster.linksOf(inside)));
    }
    case "deaf":
      return during(cluster.linksOf([member.id]).map(([one, to]) => [to, one]));
    case "mute":
      return during(cluster.linksOf([member.id]));
    case "bridge": {
      const half = rotated(others, pick)
        .slice(0, others.length >> 1)
        .map((each) => each.id);
      return during(bothWays(cluster.linksOf(half)).filter((link) => !link.includes(member.slot)));
    }
    case "chain":
      return during(apart([member, ...rotated(others, pick)]));
    case "cut":
      return during(fault.oneWay ? [[member.slot, other.slot]] : bothWays([[member.slot, other.slot]]));
    case "flap":
      return flap(cluster, member, action, fault.everyMs);
    case "slow":
      for (const [one, to] of bothWays(cluster.linksOf([member.id]))) network.slow(one, to, fault.ms);
      return queue.after(lastsMs, () => {
        for (const [one, to] of bothWays(cluster.linksOf([member.id]))) network.slow(one, to, 0);
      });
    case "clog":
      return clog(cluster, [member, ...rotated(others, pick)].slice(0, fault.count + 1), action);
    case "falseHint":
      return cluster.arrive(member, { kind: "link", peer: other.id, up: fault.up });
    default:
      return unreachable(fault);
  }
}

function flap(cluster: Cluster<Vocabulary, unknown>, member: AnyMember, { lastsMs }: Action, everyMs: number): void {
  for (let ms = 0; ms < lastsMs; ms += 2 * everyMs) {
    cluster.queue.after(ms, () => {
      cluster.split(member.id);
      cluster.hint(member.id, false);
    });
    cluster.queue.after(ms + everyMs, () => {
      cluster.rejoin(member.id);
      cluster.hint(member.id, true);
    });
  }
}

/** One after the other stops hearing; later they are let go in another order (FoundationDB's swizzle-clogging). */
function clog(cluster: Cluster<Vocabulary, unknown>, chosen: readonly AnyMember[], action: Action): void {
  const { network, queue } = cluster;
  const { lastsMs, pick } = action;
  const gap = Math.floor(lastsMs / (2 * chosen.length));
  const into = (member: AnyMember) => cluster.members.filter((each) => each !== member).map((each) => each.slot);
  for (const [at, member] of chosen.entries()) {
    queue.after(at * gap, () => {
      for (const from of into(member)) network.clog(from, member.slot);
    });
  }
  for (const [at, member] of rotated(chosen.toReversed(), pick).entries()) {
    queue.after(lastsMs + at * gap, () => {
      for (const from of into(member)) network.unclog(from, member.slot);
    });
  }
}

/** Links that join members which do not stand side by side. */
function apart(row: readonly AnyMember[]): [number, number][] {
  return row.flatMap((one, at) =>
    row.flatMap((other, place): [number, number][] => (Math.abs(at - place) > 1 ? [[one.slot, other.slot]] : [])),
  );
}

function bothWays(links: readonly (readonly [number, number])[]): [number, number][] {
  return links.flatMap(([one, other]): [number, number][] => [
    [one, other],
    [other, one],
  ]);
}

function rotated<Item>(items: readonly Item[], by: number): Item[] {
  const start = by % Math.max(1, items.length);
  return [...items.slice(start), ...items.slice(0, start)];
}
