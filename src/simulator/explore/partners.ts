import { Course, type Finding, type Progress } from "./course.ts";
import type { Bounds, Terms } from "./explorable.ts";
import type { Parcel } from "./parcels.ts";
import type { Share, ShareReport } from "./share.ts";
import type { Violation } from "./story.ts";
import { none, type Place } from "./visited.ts";

/** Worlds that a partner expands between two exchanges. */
const roundCount = 4000;

/** A share that works elsewhere, in a thread say. */
export interface Partner<T extends Terms> {
  /** Takes in what others found for it, goes on to the next level if told so, and expands at most `count` worlds. */
  work(order: Order<T>): Promise<Work<T>>;
  place(state: number): Promise<Place>;
  tell(way: readonly Place[], claim: string): Promise<Violation>;
}

/** What a partner is told; parcels by sender. */
export interface Order<T extends Terms> {
  readonly parcels: readonly (Parcel<T> | undefined)[];
  readonly descends: boolean;
  readonly count: number;
}

/** What came of it; parcels by receiver. */
export interface Work<T extends Terms> {
  readonly parcels: readonly (Parcel<T> | undefined)[];
  readonly report: ShareReport;
}

/** Does what a partner is told, with its share. */
export function workOn<T extends Terms>(share: Share<T>, { parcels, descends, count }: Order<T>): Work<T> {
  for (const [sender, parcel] of parcels.entries()) if (parcel !== undefined) share.absorb(sender, parcel);
  if (descends) share.descend();
  share.expand(count);
  return { parcels: share.outgoing(), report: share.report() };
}

/**
 * Explores with all partners at once, in rounds, until there is nothing left to do or `goOn` says no.
 *
 * Finds what one alone would find: worlds, levels and the length of the way to a violation are the same.
 */
export async function exploreTogether<T extends Terms>(
  partners: readonly Partner<T>[],
  bounds: Pick<Bounds, "steps" | "states">,
  goOn: (progress: Progress) => boolean,
): Promise<Finding> {
  const course = new Course(bounds);
  let next: "expand" | "descend" | undefined = "expand";
  let works: Work<T>[] = [];
  let count = 0; // at first everybody says what it starts with
  while (next !== undefined) {
    const orders = partners.map((_, receiver) => {
      return { parcels: works.map(({ parcels }) => parcels[receiver]), descends: next === "descend", count };
    });
    works = await Promise.all(partners.map((partner, at) => partner.work(orders[at] as Order<T>)));
    const areParcelsOpen = works.some(({ parcels }) => parcels.some((parcel) => parcel !== undefined));
    next = course.next(
      works.map(({ report }) => report),
      areParcelsOpen,
    );
    count = roundCount;
    if (!goOn(course.progress())) break;
  }
  return course.finding(await tellBreach(partners, course));
}

async function tellBreach<T extends Terms>(
  partners: readonly Partner<T>[],
  { breach }: Course,
): Promise<Violation | undefined> {
  if (breach === undefined) return undefined;
  const way: Place[] = [];
  for (let at = breach.at; at !== none; at = way.at(-1)?.from ?? none) {
    const place = await partners[at % partners.length]?.place(at);
    if (place !== undefined) way.push(place);
  }
  return partners[0]?.tell(way.reverse(), breach.claim);
}
