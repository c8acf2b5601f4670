import type { NodeId } from "../../../base/ids.ts";
import { invariant } from "../../../base/invariant.ts";
import { fromUtf8 } from "../../../base/text.ts";
import type { Decree, Member, TotalOrderOutput, TotalOrderState } from "../../../protocols/total-order/index.ts";
import { isLeaving } from "../../../protocols/total-order/state.ts";
import { checkMember, checkStep } from "../../total-order/watch.ts";
import type { Moment } from "../explorable.ts";
import type { OrderFact, Place, TotalOrderTerms } from "./terms.ts";

type State = Readonly<TotalOrderState>;
type Output<Kind extends TotalOrderOutput["kind"]> = Extract<TotalOrderOutput, { readonly kind: Kind }>;
type OrderMoment = Moment<TotalOrderTerms>;

/** What the multicast of this number carries. */
export function messageText(number: number): string {
  return `m${number}`;
}

/** A state, as its donor gives it. */
export function stateText(position: number): string {
  return `of ${position}`;
}

/** What a step adds to the history; throws when it breaks a promise by itself. */
export function orderFacts(moment: OrderMoment): OrderFact[] {
  const { before, after, outputs } = moment;
  checkAlone(moment);
  const by = nameOf(before.config);
  const facts: OrderFact[] = [];
  const { request } = moment;
  if (request?.kind === "multicast")
    facts.push({ kind: "asks", by, text: messageText(request.id), at: placeOf(before) });
  const entered = outputs.find((output) => output.kind === "view");
  const isFinal = after.config.delivery === "uniform" || entered !== undefined;
  const place = placeOf(before);
  if (entered !== undefined && place !== undefined && after.config.delivery === "agreed") {
    facts.push({ kind: "settles", by, at: place });
  }
  for (const { message } of moment.sent) {
    const isNew = message.kind === "install" && message.decree !== after.lastDecree;
    if (isNew) facts.push(endOf(message.decree));
  }
  for (const output of outputs) facts.push(...factsOf(by, output, before, after, isFinal));
  return facts;
}

function factsOf(by: string, output: TotalOrderOutput, before: State, after: State, isFinal: boolean): OrderFact[] {
  switch (output.kind) {
    case "deliver": {
      const { group, view, position, payload } = output;
      const at = { group, view, start: before.view.position, position };
      return [{ kind: "delivers", by, at, text: fromUtf8(payload), isFinal }];
    }
    case "view": {
      const { group, number, members, position } = output;
      const { lastDecree } = after;
      invariant(lastDecree?.base === number - 1, "a view begins by the decree that ends the last");
      const words = members.map((member) => `${nameOf(member)}${member.restored ? "" : "*"}`);
      const enters = { kind: "enters", by, group, view: number, members: `${words.join(" ")} at ${position}` } as const;
      return [endOf(lastDecree), enters];
    }
    case "refused":
      return [{ kind: "refuses", text: messageText(output.id) }];
    case "excluded":
      return [{ kind: "goes", by, group: before.view.group, view: before.view.number }];
    default:
      return [];
  }
}

function endOf({ group, base, members, cut, clock, tail, position }: Decree): OrderFact {
  const frames = tail.map(({ sender, frames: held }) => [sender, held.map(({ number }) => number)]);
  const decree = JSON.stringify([members, cut, clock, frames, position]);
  return { kind: "ends", group, view: base, decided: { decree, members: members.map(nameOf) } };
}

function nameOf({ node, incarnation }: Member): string {
  return `${node}${incarnation}`;
}

/** Where the owner stands; nowhere while it has no state. */
function placeOf({ phase, restored, view, position, waiting }: State): Place | undefined {
  if (phase !== "member" || !restored) return undefined;
  return { group: view.group, view: view.number, start: view.position, position: position - waiting.length };
}

/** What can be seen from one step alone. */
function checkAlone(moment: OrderMoment): void {
  const { id, before, after } = moment;
  const isSameLife = before.config.incarnation === after.config.incarnation;
  if (after.phase === "member") checkMember(id, after);
  if (isSameLife && before.phase === "member" && after.phase === "member") checkStep(id, before, after);
  if (isSameLife) checkOutcomes(moment);
  checkPositions(moment);
  checkAnswers(moment);
}

/** A multicast comes to one end: it is delivered, refused, or of unknown outcome; until then it is somewhere. */
function checkOutcomes({ id, before, after, request, outputs }: OrderMoment): void {
  const told = outputs.flatMap((output) => ("id" in output && output.id !== undefined ? [output.id] : []));
  const open = [...openIn(before), ...(request?.kind === "multicast" ? [request.id] : [])].sort();
  const left = [...openIn(after), ...told].sort();
  invariant(open.join() === left.join(), `a multicast comes to one end: at ${id} ${open} became ${left}`);
}

function openIn({ backlog, framed, waiting }: State): number[] {
  const held = waiting.flatMap((delivery) => delivery.id ?? []);
  return [...backlog.map((each) => each.id), ...[...framed.values()].flat(), ...held];
}

/** What the owner is told follows on what it was told before. */
function checkPositions({ id, before, outputs }: OrderMoment): void {
  let position = placeOf(before)?.position;
  for (const output of outputs) {
    if (output.kind === "state" && output.last) position = givenState(id, output);
    if (output.kind === "deliver") {
      const told = `${id} has ${output.position} after ${position}`;
      invariant(position !== undefined && output.position === position + 1, `deliveries have no gaps: ${told}`);
      position = output.position;
    }
    if (output.kind === "view") {
      const isMet = position === undefined || output.position === position;
      invariant(isMet, `a view begins where the last one ended: ${id} at ${position}, not ${output.position}`);
    }
  }
}

function givenState(id: NodeId, { position, bytes }: Output<"state">): number {
  invariant(fromUtf8(bytes) === stateText(position), `a newcomer's state is that of the view's beginning: ${id}`);
  return position;
}

/** Two members that answered each other's answers would never end (L5). */
function checkAnswers({ id, before, after, received, sent }: OrderMoment): void {
  const message = received?.message;
  if (message?.kind !== "null" || before.phase !== "member" || after.phase !== "member") return;
  const { stamp } = message;
  if (stamp.group !== before.view.group || stamp.view !== before.view.number) return;
  const isNew = isLeaving(before) !== isLeaving(after);
  const isSilent = sent.every((each) => each.message.kind !== "null");
  invariant(isNew || isSilent, `a statement without a frame is not answered: by ${id}`);
}
