import type { History } from "../history.ts";
import { lineError, Pairing } from "./pairing.ts";
import type { CallWords, Fields, Shape, Vocabulary } from "./vocabulary.ts";

/** What one line says, in whichever form. */
export interface Line {
  /** Counted from 1. */
  readonly number: number;
  readonly process: string;
  readonly type: "invoke" | "ok" | "fail" | "info";
  /** The name of the call. */
  readonly f: string;
  readonly time: number | undefined;
  readonly fields: Fields;
  /** A failure that is an answer: the condition of the call did not hold. */
  readonly isRefusal?: boolean;
}

interface Call extends Fields {
  readonly kind: string;
}

/** Makes a history of lines in a model's words; throws `MalformedError` that names the first line at fault. */
export function historyOf(lines: Iterable<Line>, vocabulary: Vocabulary): History<unknown, unknown> {
  const pairing = new Pairing<Call, unknown>();
  for (const line of lines) {
    const { number, process, type, time } = line;
    const words = vocabulary.calls[line.f];
    if (words === undefined || !Object.hasOwn(vocabulary.calls, line.f)) {
      throw lineError(number, `f must be one of ${Object.keys(vocabulary.calls).join(", ")}, not ${show(line.f)}`);
    }
    if (type === "invoke") pairing.invoke(number, process, readCall(line, words), time);
    else {
      const { kind } = pairing.callOf(number, process);
      if (kind !== line.f) throw lineError(number, `ends a ${line.f}, but process ${process} has called ${kind}`);
      if (type === "info") pairing.leaveOpen(number, process);
      else if (type === "ok") pairing.answer(number, process, readResult(line, words, vocabulary), time);
      else if (line.isRefusal === true && words.refused !== undefined) {
        pairing.answer(number, process, { kind: words.refused }, time);
      } else pairing.drop(number, process);
    }
  }
  return pairing.finish();
}

function readCall({ number, f, fields }: Line, { shape, spread }: CallWords): Call {
  const spreadOut =
    spread !== undefined && fields.value !== undefined ? { ...spread(fields.value), ...fields } : fields;
  return { kind: f, ...readFields(number, spreadOut, shape) };
}

function readResult({ number, f, fields }: Line, words: CallWords, { results }: Vocabulary): Call {
  const told: Fields = fields.kind === undefined ? { ...fields, ...words.implied(fields.value) } : fields;
  const kind = words.results.find((each) => each === told.kind);
  if (kind === undefined) {
    throw lineError(
      number,
      `the kind of a ${f}'s result must be one of ${words.results.join(", ")}, not ${show(told.kind)}`,
    );
  }
  return { kind, ...readFields(number, told, results[kind] ?? {}) };
}

/** Takes the fields that `shape` names and leaves the others alone. */
function readFields(line: number, fields: Fields, shape: Shape): Fields {
  const read: Record<string, unknown> = {};
  for (const [name, field] of Object.entries(shape)) {
    const value = Object.hasOwn(fields, name) ? fields[name] : undefined;
    if (value === undefined && field.isOptional) continue;
    if (!field.is(value)) throw lineError(line, `${name} must be ${field.wanted}, not ${show(value)}`);
    read[name] = value;
  }
  return read;
}

/** What was found, cut short. */
export function show(value: unknown): string {
  if (typeof value === "object" && value !== null) return Array.isArray(value) ? "a list" : "an object";
  const text = value === undefined ? "missing" : JSON.stringify(value);
  return text.length <= 40 ? text : `${text.slice(0, 40)}…`;
}
