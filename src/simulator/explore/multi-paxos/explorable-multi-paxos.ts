import { toUtf8 } from "../../../base/text.ts";
import {
  type LogRequest,
  type Member,
  MultiPaxos,
  type PaxosMessage,
  type PaxosOptions,
  type PaxosRecord,
  type PaxosState,
  Recovery,
} from "../../../protocols/multi-paxos/index.ts";
import { attemptOf, epochOf, leaderOf, viewOf } from "../../../protocols/multi-paxos/membership/configurations.ts";
import type { Configuration } from "../../../protocols/multi-paxos/messages.ts";
import { messageWords, recordWords, updateWords, viewWords } from "../../multi-paxos/words.ts";
import { unlimited } from "../budget.ts";
import type { Explorable, Question } from "../explorable.ts";
import { paxosEssence } from "./essence.ts";
import { firstRead, livesMax, paxosFacts } from "./facts.ts";
import type { PaxosLimits } from "./limits.ts";
import { checkPaxos, rememberPaxos } from "./promises.ts";
import type { PaxosHistory, PaxosTerms } from "./terms.ts";
import { alarmsOf, calmPaxos, openingOf, timing } from "./time.ts";

/** The production core of Multi-Paxos, ready to be explored. */
export function explorablePaxos(limits: PaxosLimits): Explorable<PaxosTerms> {
  const ids = Array.from({ length: limits.members + limits.learners }, (_, at) => String.fromCharCode(97 + at));
  const founding = foundingOf(ids, limits);
  return {
    ids,
    interchangeable: interchangeable(ids, founding, limits),
    opening: limits.start === "led" ? openingOf(limits) : undefined,
    start: (id, records, life) => startMember(id, (ids.indexOf(id) + 1) * livesMax + life, founding, records, limits),
    resume: MultiPaxos.resume,
    calm: (state) => calmPaxos(state, ids, limits),
    essence: paxosEssence,
    isSpent: (message, state, mayRestart) => limits.proofs === 0 && isSpent(message, state, mayRestart),
    alarms: alarmsOf(limits, ids),
    questions: questionsOf(limits, founding),
    facts: paxosFacts,
    firstHistory: firstHistory(founding),
    remember: rememberPaxos,
    check: checkPaxos,
    words: {
      message: messageWords,
      request: requestWords,
      record: (record) => recordWords(record).replace(/^store /, ""),
      state: stateWords,
      output: () => undefined,
    },
  };
}

/** The last voter comes first in the order, so that the others, as their letters go, lead views 1, 2 and so on. */
function foundingOf(ids: readonly string[], { members, alpha }: PaxosLimits): Configuration {
  const all = ids.map((id): Member => ({ id, address: id }));
  const voters = [...all.slice(members - 1, members), ...all.slice(0, members - 1)];
  return { epoch: 0, decided: 0, start: 1, alpha, members: voters, learners: all.slice(members) };
}

/** Nothing but its id tells a voter apart that leads no view within bounds, is asked for nothing and does not stay. */
function interchangeable(
  ids: readonly string[],
  founding: Configuration,
  { members, views, changes, ask, stay, elections }: PaxosLimits,
): readonly string[] {
  if (ask === "any" || elections === "asked") return [];
  const leaders = new Set<string>();
  for (let attempt = 1; attempt <= views; attempt++) leaders.add(leaderOf(founding, viewOf(0, attempt)));
  return ids.slice(changes > 0 ? stay : 0, members).filter((id) => !leaders.has(id));
}

function startMember(
  id: string,
  life: number,
  founding: Configuration,
  records: readonly PaxosRecord[],
  { alpha, acceptsTo, runBytesMax }: PaxosLimits,
): MultiPaxos {
  const options: PaxosOptions = { ...timing, id, seed: 1, alpha, acceptsTo, runBytesMax, retainCount: 0 };
  const recovery = new Recovery([], 2 ** 23, alpha);
  const base = { floor: 0, through: 0, configurations: [founding], clients: [] };
  recovery.take({ kind: "base", base, snapshot: undefined, isOwn: false, promised: 0 });
  for (const record of records) recovery.take(record);
  const memory = recovery.finish();
  const core = new MultiPaxos(options, { memory, applied: memory.snapshot?.index ?? 0 });
  Object.assign(core.inspect(), { life, builds: life }); // lives have small numbers here
  return core;
}

function firstHistory({ epoch, start, members }: Configuration): PaxosHistory {
  return {
    epochs: new Map([[epoch, { start, members: new Set(members.map(({ id }) => id)) }]]),
    leaders: new Map(),
    proposed: new Map(),
    accepts: new Map(),
    chosen: new Map(),
    promised: new Map(),
    ordered: 0,
    reads: new Map(),
  };
}

/** Requests of one kind have numbers from here on. */
const firstChange = 50;
const firstTransfer = 70;

function questionsOf(limits: PaxosLimits, { members, learners }: Configuration): Question<PaxosTerms>[] {
  const mayAsk = (state: Readonly<PaxosState>): boolean =>
    limits.ask === "leader" ? state.role === "leader" : state.leader !== undefined;
  const staying = members.toSorted((one, other) => (one.id < other.id ? -1 : 1)).slice(0, limits.stay);
  return [
    {
      budget: { countMax: limits.proposals },
      mayAsk: (state) => mayAsk(state) && state.leadership?.handover === undefined,
      request: (number) => ({ kind: "propose", id: number, payloads: [toUtf8(`v${number}`)] }),
    },
    {
      budget: { countMax: limits.reads },
      mayAsk,
      request: (number) => ({ kind: "barrier", id: firstRead + number, mode: "quorum" }),
    },
    {
      budget: { countMax: limits.changes },
      mayAsk: (state) =>
        state.role === "leader" && state.ownChange === undefined && state.facts.configurations.length === 1,
      request: (number) => ({
        kind: "change",
        id: firstChange + number,
        members: [...staying, ...learners],
        learners: [],
      }),
    },
    {
      budget: { countMax: limits.transfers },
      mayAsk: ({ role, leadership }) => role === "leader" && leadership?.handover === undefined,
      request: (number, state) => ({ kind: "transfer", id: firstTransfer + number, to: heirOf(state) }),
    },
    {
      budget: unlimited, // what is fetched limits it
      mayAsk: (state) => pieceOf(state) !== undefined,
      request: (_, state) => pieceOf(state) ?? { kind: "resume" },
    },
  ];
}

/** Who leads the next view. */
function heirOf({ configuration, lastInstalled }: Readonly<PaxosState>): string | undefined {
  return configuration && leaderOf(configuration, lastInstalled + 1);
}

/** The piece of a snapshot that storage is asked for: all of it. */
function pieceOf({ wants }: Readonly<PaxosState>): LogRequest | undefined {
  for (const [want, { what }] of wants) {
    if (what.kind === "chunk") {
      return { kind: "supply", want, found: { kind: "chunk", offset: what.offset, bytes: Uint8Array.of(1) } };
    }
  }
  return undefined;
}

/** What is said in a view that is over here for good, or in one in which this member waits for no such answer. */
function isSpent(message: PaxosMessage, state: Readonly<PaxosState>, mayRestart: boolean): boolean {
  const { promised, disk, lastInstalled, role, config } = state;
  const isKept = promised.view >= lastInstalled && promised.record <= disk.durable;
  if (mayRestart && !isKept) return false; // the view may still be forgotten
  switch (message.kind) {
    case "viewChange":
      return message.attempted <= lastInstalled;
    case "prepare":
    case "heirPrepare":
    case "proposal":
    case "heartbeat":
    case "transfer":
      return message.view < lastInstalled;
    case "prepareOk":
      return message.view < lastInstalled || (message.view === lastInstalled && role !== "preparing");
    case "accept":
      if (message.view === lastInstalled && config.acceptsTo === "all") return false;
      return message.view < lastInstalled || (message.view === lastInstalled && !isHeading(role));
    case "heartbeatOk":
      return message.view < lastInstalled || (message.view === lastInstalled && !isHeading(role));
    default:
      return false;
  }
}

function isHeading(role: PaxosState["role"]): boolean {
  return role === "preparing" || role === "leader";
}

function requestWords(request: LogRequest): string {
  switch (request.kind) {
    case "propose":
      return `propose v${request.id}`;
    case "barrier":
      return "answer a read";
    case "change":
      return `have ${request.members.map(({ id }) => id).join("")} for members`;
    case "transfer":
      return `hand over to ${request.to}`;
    default:
      return request.kind;
  }
}

function stateWords({ role, lastInstalled, lastAttempted, history }: Readonly<PaxosState>): string {
  const attempt = lastAttempted > lastInstalled ? `, attempts ${viewWords(lastAttempted)}` : "";
  const slots = history.slots.flatMap((slot, at) => {
    if (slot === undefined) return [];
    const how = slot.isOrdered ? "ordered" : `in ${viewWords(slot.view)}`;
    return [`${updateWords(history.tailFrom + at, [slot.update])} ${how}`];
  });
  const has = slots.length === 0 ? "" : `, has ${slots.join(", ")}`;
  return `${role} in ${epochOf(lastInstalled)}.${attemptOf(lastInstalled)}${attempt}, aru ${history.aru}${has}`;
}
