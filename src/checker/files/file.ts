import { MalformedError } from "../../base/errors.ts";
import type { History } from "../history.ts";
import type { Model } from "../model.ts";
import { kvModel } from "../models/kv.ts";
import { logModel } from "../models/log.ts";
import { queueModel } from "../models/queue.ts";
import { registerModel } from "../models/register.ts";
import { setModel } from "../models/set.ts";
import { stackModel } from "../models/stack.ts";
import { readJepsenLine } from "./jepsen.ts";
import { readJsonLine } from "./json-lines.ts";
import { historyOf, type Line } from "./lines.ts";
import { lineError } from "./pairing.ts";
import { type ModelName, vocabularies } from "./vocabulary.ts";

/** How a file is written: one JSON object a line, the log of Jepsen, or whichever its first line looks like. */
export type FileFormat = "auto" | "jsonl" | "jepsen";

/** A history with the model that it is to be checked by. */
export interface FileHistory {
  readonly history: History<unknown, unknown>;
  readonly model: Model<unknown, unknown, unknown>;
}

const linesMax = 4_000_000;
const lineLengthMax = 2 ** 20;

const models: Readonly<Record<ModelName, unknown>> = {
  register: registerModel,
  kv: kvModel,
  stack: stackModel,
  queue: queueModel,
  set: setModel,
  log: logModel,
};

/** The names of all models, for help. */
export const modelNames: readonly ModelName[] = Object.keys(vocabularies) as ModelName[];

/** Reads the text of a history file: see docs/checker.md. Throws `MalformedError`, with the number of the line. */
export function parseHistory(text: string, name: ModelName, format: FileFormat = "auto"): FileHistory {
  const history = historyOf(readLines(text, format), vocabularies[name]);
  if (history.length === 0) throw new MalformedError("there is no call in it");
  return { history, model: models[name] as FileHistory["model"] };
}

/** The lines that tell of calls, one by one; throws `MalformedError` at the first that tells nothing. */
export function* readLines(text: string, format: FileFormat): Iterable<Line> {
  let read = format === "auto" ? undefined : readers[format];
  let start = 0;
  for (let number = 1; start < text.length; number++) {
    if (number > linesMax) throw lineError(number, `a history has at most ${linesMax} lines`);
    const found = text.indexOf("\n", start);
    const end = found < 0 ? text.length : found;
    if (end - start > lineLengthMax) throw lineError(number, `has more than ${lineLengthMax} characters`);
    const line = text.slice(start, end);
    start = end + 1;
    if (line.trim() === "") continue;
    read ??= readers[line.trimStart().startsWith("{") ? "jsonl" : "jepsen"];
    const said = read(number, line);
    if (said !== undefined) yield said;
  }
}

const readers = { jsonl: readJsonLine, jepsen: readJepsenLine } as const;
