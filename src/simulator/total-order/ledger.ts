import { invariant } from "../../base/invariant.ts";
import type { Decree, TotalOrderOutput, ViewMember } from "../../protocols/total-order/index.ts";

/** A view as all that entered it must have it. */
export interface KnownView {
  readonly number: number;
  readonly members: readonly ViewMember[];
  readonly position: number;
}

/** What is known of one group: its order, and its views. */
export interface KnownGroup {
  /** The message at each position, and the view that it was delivered in; as far as somebody stands by it. */
  readonly order: ({ readonly name: string; readonly view: number } | undefined)[];
  readonly views: Map<number, KnownView>;
  /** For each view that is decided to end, how. */
  readonly ends: Map<number, string>;
  /** That is decided to begin, whether anyone has entered it or not. */
  newest: KnownView;
}

/** What all processes of a run were told, held together: the dead ones, too. */
export class Ledger {
  readonly groups: Map<string, KnownGroup> = new Map();
  /** Comparisons made. */
  checks = 0;
  views = 0;
  /** At most one group may ever be founded. */
  readonly #isSingle: boolean;

  constructor(isSingle: boolean) {
    this.#isSingle = isSingle;
  }

  #group(name: string): KnownGroup {
    const found = this.groups.get(name);
    if (found !== undefined) return found;
    invariant(!this.#isSingle || this.groups.size === 0, "seeds with a memory found one group");
    const newest = { number: 0, members: [], position: 0 };
    const group = { order: [], views: new Map(), ends: new Map(), newest };
    this.groups.set(name, group);
    return group;
  }

  /** Some process delivered a message, and every other has the same at that position, in the same view. */
  deliver(id: string, groupName: string, position: number, name: string, view: number): void {
    const { order } = this.#group(groupName);
    this.checks++;
    const known = order[position - 1];
    if (known === undefined) {
      order[position - 1] = { name, view };
      return;
    }
    const isSame = known.name === name && known.view === view;
    const claim = "two processes never deliver different messages at one position, or in different views";
    invariant(isSame, `${claim}: ${id} has ${name} in view ${view} at ${position}, not ${known.name} in ${known.view}`);
  }

  /** The messages that come first in a group. */
  names(groupName: string, count: number): readonly string[] {
    return this.#group(groupName)
      .order.slice(0, count)
      .map((message) => message?.name ?? "");
  }

  /** Some process entered a view: it is the same for all that do, and so is how the one before it ended. */
  enter(id: string, { group: name, number, members, position }: ViewOutput, decree: Decree | undefined): void {
    const group = this.#group(name);
    this.checks++;
    const view = { number, members, position };
    const known = group.views.get(number);
    if (known === undefined) {
      group.views.set(number, view);
      this.views++;
      checkNewcomers(group.views.get(number - 1), view);
    } else invariant(JSON.stringify(known) === JSON.stringify(view), `a view has one membership: ${id} in ${number}`);
    invariant(decree !== undefined && decree.base === number - 1, "a view begins by the decree that ends the last");
    this.decide(id, decree);
  }

  /** Some process, of the view that ends or of the next, takes a decree for decided: no other ends that view. */
  decide(id: string, { group: name, base, members, position, cut, clock, tail }: Decree): void {
    const group = this.#group(name);
    this.checks++;
    const lengths = tail.map(({ sender, frames }) => [sender, frames.length]);
    const how = JSON.stringify({ members, position, cut, clock, tail: lengths });
    const end = group.ends.get(base) ?? how;
    group.ends.set(base, end);
    invariant(end === how, `one decree ends a view: ${id} has another for ${base}`);
    if (base >= group.newest.number) group.newest = { number: base + 1, members, position };
  }
}

/** Those who have the state stay the majority when others come in, but that one alone may take one in. */
function checkNewcomers(before: KnownView | undefined, { number, members }: KnownView): void {
  const isNew = ({ node, incarnation }: ViewMember) =>
    before?.members.every((member) => member.node !== node || member.incarnation !== incarnation);
  const restoredCount = members.filter(({ restored }) => restored).length;
  const lackingCount = members.length - restoredCount;
  if (!members.some((member) => !member.restored && isNew(member) === true)) return;
  const isRight = lackingCount <= Math.max(1, restoredCount - 1);
  invariant(isRight, `newcomers do not outnumber those who have the state: ${lackingCount} in view ${number}`);
}

/** A view that a member entered. */
export type ViewOutput = Extract<TotalOrderOutput, { readonly kind: "view" }>;
