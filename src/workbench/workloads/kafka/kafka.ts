import { chance, type Random } from "../../../base/random.ts";
import { judgeKafka } from "../../../checker/index.ts";
import type { TestOptions } from "../../run/options.ts";
import { SilenceError } from "../../run/rpc-errors.ts";
import { KeyPool } from "../key-pool.ts";
import { fieldOf, isOffsets, isPolled, isWhole } from "../replies.ts";
import type { Ask, Client, Generator, Request, Workload } from "../workload.ts";
import { KafkaLog } from "./offsets.ts";

/** A client loses its memory once in this time, in s. */
const crashEverySeconds = 30;
const pollEveryMs = 200;

/** Logs that many write to, and read from where they stopped. */
export const kafka: Workload = {
  name: "kafka",
  harmless: ["assign"],
  newGenerator: newLogCalls,
  newClient: () => new LogClient(),
  judge: judgeKafka,
};

function newLogCalls(random: Random, options: TestOptions): Generator {
  const { keyCount, maxWritesPerKey, concurrency, rate } = options;
  const keys = new KeyPool(random, keyCount ?? 10, maxWritesPerKey);
  const log = new KafkaLog();
  const crashShare = rate === 0 ? 0 : Math.min(concurrency / crashEverySeconds / rate, 0.5);
  return {
    next: () => {
      if (chance(random, crashShare)) return { f: "crash", value: null };
      if (chance(random, 1 / 64)) {
        const unseen = chance(random, 1 / 3) ? log.unseen() : [];
        return { f: "assign", value: [...new Set([String(keys.any()), ...unseen])] };
      }
      if (chance(random, 0.5)) return { f: "poll", value: [["poll"]] };
      const [key, message] = keys.write();
      return { f: "send", value: [["send", String(key), message]] };
    },
    observe: (event) => log.observe(event),
    finalPauseMs: pollEveryMs,
    final: (thread) => lastCalls(log, thread, concurrency),
  };
}

/** A client without memory reads all logs from their beginning, until it has seen all that is known to be there. */
function* lastCalls(log: KafkaLog, thread: number, concurrency: number): Iterable<Request> {
  const wanted = log.highest();
  if (wanted.size === 0) return;
  yield { f: "crash", value: null };
  yield { f: "assign", value: [...wanted.keys()], seekToBeginning: true };
  const seen = log.follow((process) => process % concurrency === thread);
  while ([...wanted].some(([key, offset]) => (seen.get(key) ?? -1) < offset)) {
    yield { f: "poll", value: [["poll"]], final: true };
  }
}

/** Knows from where to read each log it was assigned. */
class LogClient implements Client {
  #offsets: Record<string, number> = {};

  async invoke(request: Request, ask: Ask): Promise<unknown> {
    const { f, value } = request;
    if (f === "crash") throw new SilenceError("the client crashed, as it was told to");
    if (f === "assign") return this.#assign(value as readonly string[], request.seekToBeginning === true, ask);
    const [[, key, message] = []] = value as readonly (readonly unknown[])[];
    if (f === "poll") return [["poll", await this.#poll(ask)]];
    const offset = fieldOf(await ask({ type: "send", key, msg: message }), "offset", "a whole number", isWhole);
    return [["send", key, [offset, message]]];
  }

  async #assign(keys: readonly string[], fromBeginning: boolean, ask: Ask): Promise<readonly string[]> {
    if (fromBeginning) this.#offsets = Object.fromEntries(keys.map((key) => [key, 0]));
    else {
      const reply = await ask({ type: "list_committed_offsets", keys });
      const committed = fieldOf(reply, "offsets", "a map from keys to whole numbers", isOffsets);
      this.#offsets = Object.fromEntries(keys.map((key) => [key, this.#offsets[key] ?? committed[key] ?? 0]));
    }
    return keys;
  }

  async #poll(ask: Ask): Promise<unknown> {
    const reply = await ask({ type: "poll", offsets: { ...this.#offsets } });
    const polled = fieldOf(reply, "msgs", "a map from keys to lists of [offset, message]", isPolled);
    const read = Object.entries(polled).filter(([, pairs]) => pairs.length > 0);
    const last = read.map(([key, pairs]) => [key, highest(pairs)] as const);
    if (last.length > 0) await ask({ type: "commit_offsets", offsets: Object.fromEntries(last) });
    // Only now: what was read in vain, since the commit was refused, is read again.
    for (const [key, offset] of last) this.#offsets[key] = Math.max(this.#offsets[key] ?? 0, offset + 1);
    return polled;
  }
}

function highest(pairs: readonly (readonly [offset: number, message: unknown])[]): number {
  return pairs.reduce((most, [offset]) => Math.max(most, offset), -1);
}
