import type { NodeId } from "../../../base/ids.ts";
import { fromUtf8, toUtf8 } from "../../../base/text.ts";
import {
  type Decree,
  type GenesisRecord,
  TotalOrder,
  type TotalOrderMessage,
  type TotalOrderRequest,
  type TotalOrderState,
} from "../../../protocols/total-order/index.ts";
import { isWedged } from "../../../protocols/total-order/state.ts";
import { messageWords, outputWords, recordWords } from "../../total-order/words.ts";
import { unlimited } from "../budget.ts";
import type { Explorable, Question, Rest } from "../explorable.ts";
import { orderEssence } from "./essence.ts";
import { messageText, orderFacts, stateText } from "./facts.ts";
import type { TotalOrderLimits } from "./limits.ts";
import { checkOrder, rememberOrder } from "./promises.ts";
import { totalOrderRest } from "./rest.ts";
import { firstHistory, type TotalOrderTerms } from "./terms.ts";
import { alarmsOf, calmTotalOrder } from "./time.ts";

/** The production core of total order, ready to be explored. For its owner's state stands the position it is of. */
export function explorableTotalOrder(limits: TotalOrderLimits): Explorable<TotalOrderTerms> {
  const ids = Array.from({ length: limits.members + limits.seekers }, (_, at) => String.fromCharCode(97 + at));
  const founders = ids.slice(0, limits.members);
  return {
    ids,
    interchangeable: [], // their ids break ties
    opening: undefined,
    start: (id, records, life) => startMember(id, ids, founders, records.at(-1), life, limits),
    resume: TotalOrder.resume,
    calm: calmTotalOrder,
    essence: orderEssence,
    isSpent: (message, state, mayRestart) => !mayRestart && isSpent(message, state, limits),
    isEcho: (message, receiver, sender) => isEcho(message, receiver, sender, limits),
    alarms: alarmsOf(limits),
    questions: questionsOf(limits),
    facts: orderFacts,
    firstHistory,
    remember: rememberOrder,
    check: checkOrder,
    rest: totalOrderRest(giving),
    words: {
      message: messageWords,
      request: requestWords,
      record: (record) => recordWords(record).replace(/^stores /, ""),
      state: stateWords,
      output: outputWords,
    },
  };
}

function startMember(
  id: NodeId,
  ids: readonly NodeId[],
  founders: readonly NodeId[],
  genesis: GenesisRecord | undefined,
  life: number,
  { delivery, memory }: TotalOrderLimits,
): TotalOrder {
  const seeds = founders.length > 0 ? founders : ids;
  const options = { node: id, incarnation: life, seeds, seed: life, delivery };
  const core = new TotalOrder(options, memory === "kept" ? genesis : undefined);
  if (life === 1 && founders.includes(id)) found(core, founders);
  return core;
}

/** The group was founded before exploration begins; what its members said to each other then is lost. */
function found(core: TotalOrder, founders: readonly NodeId[]): void {
  const members = founders.map((node) => ({ node, incarnation: 1, restored: true }));
  const group = `${founders[0]}#1`;
  const decree: Decree = { group, base: 0, members, cut: [], tail: [], clock: 0, position: 0 };
  const stamp = { group, view: 1, incarnation: 1 };
  const message: TotalOrderMessage = { kind: "install", stamp, decree };
  const out = { persist: () => 0, send: () => {}, sendAhead: () => {}, output: () => {} };
  core.step([{ kind: "receive", from: founders[0] ?? "", message }], 0, out);
}

function questionsOf({ multicasts, leaves }: TotalOrderLimits): readonly Question<TotalOrderTerms>[] {
  return [
    {
      budget: { countMax: multicasts },
      mayAsk: ({ phase }) => phase !== "ended",
      request: (number) => ({ kind: "multicast", id: number, payload: toUtf8(messageText(number)) }),
    },
    {
      budget: { countMax: leaves },
      mayAsk: ({ phase, leavingTicks }) => phase === "member" && leavingTicks === undefined,
      request: () => ({ kind: "leave" }),
    },
    {
      budget: unlimited, // transfers limit it
      mayAsk: (state) => pieceOf(state) !== undefined,
      request: (_, state) => pieceOf(state) ?? { kind: "consumed", position: 0 },
    },
  ];
}

/** The owner gives its state, in the end. */
const giving: Rest<TotalOrderTerms>["alarms"][number] = {
  mayRing: (state) => pieceOf(state) !== undefined,
  ring: (core, take) => {
    const request = pieceOf(core.inspect());
    if (request !== undefined) take({ kind: "request", request });
  },
  words: (id) => `${id} gives its state`,
};

/** The state that a newcomer waits for, all in one piece. */
function pieceOf({ transfers, view }: Readonly<TotalOrderState>): TotalOrderRequest | undefined {
  const wanting = [...transfers.values()].find(({ piece }) => piece === undefined);
  if (wanting === undefined) return undefined;
  const { node, incarnation, offset } = wanting;
  const bytes = toUtf8(stateText(view.position));
  return { kind: "state", view: view.number, to: { node, incarnation }, offset, bytes, last: true };
}

/**
 * Who has ended takes nothing in. What is decided of views that are over here is over for good. And what was known
 * before, in a view that does not end, says nothing any more.
 */
function isSpent(
  message: TotalOrderMessage,
  state: Readonly<TotalOrderState>,
  { attempts }: TotalOrderLimits,
): boolean {
  const { phase, view } = state;
  if (phase !== "member") return phase === "ended";
  switch (message.kind) {
    case "install":
      return message.decree.group === view.group && message.decree.base < view.number;
    case "excluded":
      return message.stamp.group === view.group && message.yours < view.number;
    case "null":
      return attempts === 0 && !isWedged(state);
    default:
      return false;
  }
}

/**
 * Who speaks in a view that is over for both is told so, and knows it.
 *
 * How it is told changes once, when the receiver goes on to a second view after that one; if it can, it is waited for.
 */
function isEcho(
  { stamp }: TotalOrderMessage,
  receiver: Readonly<TotalOrderState>,
  sender: Readonly<TotalOrderState>,
  { members, attempts }: TotalOrderLimits,
): boolean {
  const last = attempts + (members > 0 ? 1 : 0);
  const isOver = ({ phase, view }: Readonly<TotalOrderState>): boolean =>
    phase === "ended" || (view.group === stamp.group && view.number > stamp.view);
  const isTold = receiver.view.number >= Math.min(stamp.view + 2, last);
  const isSame = sender.config.incarnation === stamp.incarnation;
  return receiver.phase === "member" && isOver(receiver) && isTold && isSame && isOver(sender);
}

function requestWords(request: TotalOrderRequest): string {
  switch (request.kind) {
    case "multicast":
      return `multicast ${fromUtf8(request.payload)}`;
    case "state":
      return `give its state to ${request.to.node}`;
    default:
      return request.kind;
  }
}

function stateWords(state: Readonly<TotalOrderState>): string {
  const { phase, view, clock, position, restored, synod } = state;
  if (phase !== "member") return phase;
  const { promised } = synod.acceptor;
  const wedge = promised === undefined ? "" : `, stopped for ${promised.round}${promised.node}`;
  return `in view ${view.number}, clock ${clock}, position ${position}${restored ? "" : ", without state"}${wedge}`;
}
