import { nextBelow, type Random } from "../../base/random.ts";

/** For each node those whose messages it drops. */
export interface Cuts {
  readonly drops: ReadonlyMap<string, ReadonlySet<string>>;
  /** For people, such as `n0 n1 | n2`. */
  readonly what: string;
}

/** Nodes of the greater side that are told by their names; more are counted. */
const namedMax = 6;

type Shape = (random: Random, nodes: readonly string[]) => Cuts;

/** Draws one of Jepsen's partitions: one node alone, a minority below a third, two halves, or majorities in a ring. */
export function drawPartition(random: Random, nodes: readonly string[]): Cuts {
  const shapes: readonly Shape[] = [isolateOne, isolateThird, halve, ringOfMajorities];
  return (shapes[nextBelow(random, shapes.length)] as Shape)(random, nodes);
}

/** Draws a cut in one direction: some nodes hear the others, and are not heard. */
export function drawOneWay(random: Random, nodes: readonly string[]): Cuts {
  const mixed = shuffle(random, nodes);
  const muted = mixed.slice(0, 1 + nextBelow(random, Math.max(Math.floor(mixed.length / 2), 1)));
  const rest = mixed.slice(muted.length);
  return { drops: new Map(rest.map((node) => [node, new Set(muted)])), what: `${tell(nodes, muted)} unheard` };
}

/** The nodes in another order. */
export function shuffle(random: Random, nodes: readonly string[]): string[] {
  const mixed = [...nodes];
  for (let at = mixed.length - 1; at > 0; at--) {
    const other = nextBelow(random, at + 1);
    [mixed[at], mixed[other]] = [mixed[other] as string, mixed[at] as string];
  }
  return mixed;
}

function isolateOne(random: Random, nodes: readonly string[]): Cuts {
  return split(random, nodes, 1);
}

function isolateThird(random: Random, nodes: readonly string[]): Cuts {
  return split(random, nodes, Math.floor((nodes.length - 1) / 3));
}

function halve(random: Random, nodes: readonly string[]): Cuts {
  return split(random, nodes, Math.floor(nodes.length / 2));
}

function split(random: Random, nodes: readonly string[], count: number): Cuts {
  const mixed = shuffle(random, nodes);
  const left = mixed.slice(0, count);
  const right = mixed.slice(count);
  const drops = new Map([
    ...left.map((node) => [node, new Set(right)] as const),
    ...right.map((node) => [node, new Set(left)] as const),
  ]);
  const others = right.length > namedMax ? `${right.length} others` : tell(nodes, right);
  const isWhole = left.length === 0 || right.length === 0;
  return { drops, what: isWhole ? "nobody cut off" : `${tell(nodes, left)} | ${others}` };
}

/** Some nodes, in their usual order. */
function tell(nodes: readonly string[], some: readonly string[]): string {
  return nodes.filter((node) => some.includes(node)).join(" ");
}

/** Each node hears a majority, and no two of them the same one. */
function ringOfMajorities(random: Random, nodes: readonly string[]): Cuts {
  const ring = shuffle(random, nodes);
  const majority = Math.floor(ring.length / 2) + 1;
  const before = Math.floor(majority / 2);
  const isFar = (from: number, to: number): boolean => (to - from + before + ring.length) % ring.length >= majority;
  const drops = new Map(ring.map((node, at) => [node, new Set(ring.filter((_, other) => isFar(at, other)))] as const));
  return { drops, what: `majorities in a ring ${ring.join(" ")}` };
}
