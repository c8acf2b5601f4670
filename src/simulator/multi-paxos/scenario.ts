import type { PaxosOptions, PaxosState, PaxosVocabulary } from "../../protocols/multi-paxos/index.ts";
import { LogScenario, type LogSetup } from "../replicated/scenario/scenario.ts";
import { paxosLog } from "./protocol.ts";

/** What makes one cluster. */
export interface PaxosSetup extends Omit<LogSetup, "options"> {
  readonly options?: Partial<Omit<PaxosOptions, "id" | "seed">>;
}

/** A Multi-Paxos group in the words of scenarios. */
export type PaxosScenario = LogScenario<PaxosVocabulary, PaxosState>;

/** A group that agrees on texts, driven by hand. */
export function newPaxosScenario({ options, ...setup }: PaxosSetup): PaxosScenario {
  const given = (options ?? {}) as NonNullable<LogSetup["options"]>;
  return new LogScenario(paxosLog, { ...setup, options: given });
}
