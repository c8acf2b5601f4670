import { invariant, unreachable } from "../../../base/invariant.ts";
import type { TotalOrderState } from "../../../protocols/total-order/index.ts";
import type { Standing } from "../explorable.ts";
import type { GroupHistory, OrderFact, OrderHistory, Place, TotalOrderTerms } from "./terms.ts";

type State = Readonly<TotalOrderState>;
type Delivers = Extract<OrderFact, { readonly kind: "delivers" }>;

/** The history with what a step adds; throws when the two contradict each other. */
export function rememberOrder(history: OrderHistory, facts: readonly OrderFact[]): OrderHistory {
  return facts.reduce(rememberOne, history);
}

function rememberOne(history: OrderHistory, fact: OrderFact): OrderHistory {
  switch (fact.kind) {
    case "asks":
      return rememberQuestion(history, fact.by, fact.text, fact.at);
    case "refuses":
      return { ...history, asked: without(history.asked, fact.text) };
    case "delivers":
      return fact.isFinal ? settle(history, fact.by, fact.at, fact.text) : rememberUnsettled(history, fact);
    case "settles":
      return settleAll(history, fact.by, fact.at);
    case "ends": {
      const group = groupOf(history, fact.group);
      const decided = group.ends.get(fact.view) ?? fact.decided;
      invariant(decided.decree === fact.decided.decree, `one decree ends a view: ${fact.view} of ${fact.group}`);
      return withGroup(history, fact.group, { ...group, ends: new Map([...group.ends, [fact.view, decided]]) });
    }
    case "goes": {
      const ends = [...(history.groups.get(fact.group)?.ends ?? [])];
      const isOut = ends.some(([view, { members }]) => view >= fact.view && !members.includes(fact.by));
      invariant(isOut, `who is told that others go on without it is in no later view: ${fact.by} in ${fact.view}`);
      return history;
    }
    case "enters": {
      const group = groupOf(history, fact.group);
      const members = group.views.get(fact.view) ?? fact.members;
      const told = `${fact.by} in ${fact.view} with ${fact.members}, not ${members}`;
      invariant(members === fact.members, `a view has one membership: ${told}`);
      return withGroup(history, fact.group, { ...group, views: new Map([...group.views, [fact.view, members]]) });
    }
    default:
      return unreachable(fact);
  }
}

const emptyGroup: GroupHistory = { order: [], unsettled: new Map(), views: new Map(), ends: new Map() };

/** One group is all that is ever founded. */
function groupOf({ groups }: OrderHistory, name: string): GroupHistory {
  const others = [...groups.keys()].filter((other) => other !== name);
  invariant(others.length === 0, `one group is founded: ${name}, where ${others} was`);
  return groups.get(name) ?? emptyGroup;
}

function withGroup(history: OrderHistory, name: string, group: GroupHistory): OrderHistory {
  return { ...history, groups: new Map([...history.groups, [name, group]]) };
}

/** What was delivered at its sender, or multicast by it, comes before it wherever it is delivered. */
function rememberQuestion(history: OrderHistory, by: string, text: string, at: Place | undefined): OrderHistory {
  const own = [...history.asked].flatMap(([other, asked]) => (asked.by === by ? [other] : []));
  const causes = new Set([...own, ...(at === undefined ? [] : deliveredAt(history, at))]);
  return { ...history, asked: new Map([...history.asked, [text, { by, causes }]]) };
}

function deliveredAt({ groups }: OrderHistory, { group: name, view, start, position }: Place): readonly string[] {
  const group = groups.get(name) ?? emptyGroup;
  const settled = group.order.slice(0, position).map(({ text }) => text);
  const unsettled = (group.unsettled.get(view) ?? []).slice(0, position - start);
  return [...settled.slice(0, start), ...(unsettled.length > 0 ? unsettled : settled.slice(start))];
}

/** Somebody stands by a message at a position: whoever goes on has that one there, and nowhere else. */
function settle(history: OrderHistory, by: string, { group: name, view, position }: Place, text: string): OrderHistory {
  const group = history.groups.get(name) ?? emptyGroup;
  const known = group.order[position - 1];
  const told = `${by} has ${text} at ${position} in view ${view}`;
  if (known !== undefined) {
    const isSame = known.text === text && known.view === view;
    const other = `${known.text} in ${known.view}`;
    invariant(isSame, `all deliver the same at a position, in the same view (Total Order): ${told}, not ${other}`);
    return history;
  }
  invariant(position === group.order.length + 1, `what is delivered follows on what was: ${told}`);
  checkNew(
    history,
    group.order.map((placed) => placed.text),
    text,
    told,
  );
  const asked = without(history.asked, text);
  return withGroup({ ...history, asked }, name, { ...group, order: [...group.order, { text, view }] });
}

/** A message is delivered once, if somebody multicast it, and after all that caused it. */
function checkNew({ asked }: OrderHistory, before: readonly string[], text: string, told: string): void {
  invariant(!before.includes(text), `a message is delivered once (Integrity): ${told}`);
  const question = asked.get(text);
  invariant(question !== undefined, `what is delivered was multicast (Integrity): ${told}`);
  const early = [...question.causes].filter((cause) => !before.includes(cause));
  invariant(early.length === 0, `what was before a message is delivered before it (Causal Order): ${told}, ${early}`);
}

/** While a view lasts its members deliver in one order, too, though those who are left behind may have more of it. */
function rememberUnsettled(history: OrderHistory, { by, at, text }: Delivers): OrderHistory {
  const group = history.groups.get(at.group) ?? emptyGroup;
  const texts = group.unsettled.get(at.view) ?? [];
  const place = at.position - at.start - 1;
  const told = `${by} has ${text} at ${at.position} in view ${at.view}`;
  const known = texts[place];
  invariant(known === undefined || known === text, `members of a view deliver in one order: ${told}, not ${known}`);
  if (known !== undefined) return history;
  invariant(place === texts.length, `what is delivered follows on what was: ${told}`);
  const isSettled = group.order.slice(at.start).some((placed) => placed.text === text && placed.view === at.view);
  const before = [...group.order.slice(0, at.start).map((placed) => placed.text), ...texts];
  if (!isSettled) checkNew(history, before, text, told);
  return withGroup(history, at.group, {
    ...group,
    unsettled: new Map([...group.unsettled, [at.view, [...texts, text]]]),
  });
}

function settleAll(history: OrderHistory, by: string, at: Place): OrderHistory {
  const texts = history.groups.get(at.group)?.unsettled.get(at.view) ?? [];
  let settled = history;
  for (const [place, text] of texts.slice(0, at.position - at.start).entries()) {
    settled = settle(settled, by, { ...at, position: at.start + place + 1 }, text);
  }
  return settled;
}

function without<Value>(map: ReadonlyMap<string, Value>, key: string): ReadonlyMap<string, Value> {
  if (!map.has(key)) return map;
  const rest = new Map(map);
  rest.delete(key);
  return rest;
}

/** What members of one view believe of each other; throws when one of them is wrong. */
export function checkOrder(members: readonly Standing<TotalOrderTerms>[]): void {
  for (const { state } of members) {
    if (state.phase !== "member") continue;
    for (const [place, { node }] of state.peers.entries()) {
      if (place === state.me) continue;
      const other = members.find((each) => each.state.config.node === node)?.state;
      if (other !== undefined && areTogether(state, other)) checkBelief(state, other, place);
    }
  }
}

function areTogether({ view, peers }: State, { phase, view: other, config }: State): boolean {
  const isMeant = peers.some(({ node, incarnation }) => node === config.node && incarnation === config.incarnation);
  return phase === "member" && isMeant && view.group === other.group && view.number === other.number;
}

/** What a member believes of the one at `place`, and what that one knows itself. */
function checkBelief({ config, peers, me }: State, other: State, place: number): void {
  const peer = peers[place];
  const truth = other.peers[place];
  if (peer === undefined || truth === undefined) return;
  const of = `${config.node} of ${other.config.node}`;
  for (const [sender, received] of (other.peers ?? []).map((each) => each.received).entries()) {
    invariant((peer.acks[sender] ?? 0) <= received, `a member has acknowledged only what it holds: ${of}`);
    const forgotten = peers[sender]?.forgotten ?? 0;
    invariant(forgotten <= received, `only what all hold is forgotten: ${of}`);
  }
  invariant(peer.heard <= other.clock, `nobody is heard past its clock: ${of}`);
  for (const [number, { timestamp }] of truth.frames) {
    const isHeld = number <= peer.received || timestamp > peer.heard;
    invariant(isHeld, `who is heard up to a time has no frame before it that is not here: ${of}, #${number}`);
  }
  invariant(me !== place, "a member believes nothing of itself");
}
