/** The objects that files can be about. */
export type ModelName = "register" | "kv" | "stack" | "set" | "queue" | "log";

/** The fields of a line, as they were read. */
export type Fields = Readonly<Record<string, unknown>>;

/** What one field must be. */
export interface Field {
  readonly is: (value: unknown) => boolean;
  /** Completes the sentence "`key` must be …". */
  readonly wanted: string;
  readonly isOptional?: true;
}

/** The fields of one kind of call or result. */
export type Shape = Readonly<Record<string, Field>>;

/** How one call is written. */
export interface CallWords {
  readonly shape: Shape;
  /** The call's fields, where a line has them all in `value`. */
  readonly spread?: (value: unknown) => Fields;
  /** The kinds of its results. */
  readonly results: readonly string[];
  /** The result of a line that names no kind, from its `value` if the line has one. */
  readonly implied: (value: unknown) => Fields;
  /** The kind of result that a failure stands for in Jepsen's text, if it is an answer: the condition did not hold. */
  readonly refused?: string;
}

/** How the calls and results of one model are written in a file. */
export interface Vocabulary {
  readonly calls: Readonly<Record<string, CallWords>>;
  readonly results: Readonly<Record<string, Shape>>;
}

const text: Field = { is: (value) => typeof value === "string", wanted: "a text" };
const whole: Field = { is: isWhole, wanted: "a whole number from 0 on" };
const flag: Field = { is: (value) => typeof value === "boolean", wanted: "true or false" };
const scalar: Field = { is: isScalar, wanted: "a text, a number, true, false or null" };
const scalars: Field = { is: (value) => isListOf(value, isScalar), wanted: "a list of texts and numbers" };
const textOrNull: Field = { is: (value) => value === null || typeof value === "string", wanted: "a text or null" };
const entries: Field = {
  is: (value) => isListOf(value, (each) => isRecord(each) && isWhole(each.index) && typeof each.entry === "string"),
  wanted: 'a list of {"index", "entry"}',
};

function optional(field: Field): Field {
  return { ...field, isOptional: true };
}

const name = optional(text);
const pair = (value: unknown): Fields =>
  Array.isArray(value) && value.length === 2 ? { from: value[0], to: value[1] } : {};
const only = (kind: string) => (): Fields => ({ kind });
/** `null` stands for nothing there. */
const foundOr =
  (found: string, nothing: string) =>
  (value: unknown): Fields =>
    value === undefined || value === null ? { kind: nothing } : { kind: found, value };

const register: Vocabulary = {
  calls: {
    read: { shape: { key: name }, results: ["value"], implied: (value) => ({ kind: "value", value }) },
    write: { shape: { key: name, value: scalar }, results: ["written"], implied: only("written") },
    cas: {
      shape: { key: name, from: scalar, to: scalar },
      spread: pair,
      results: ["swapped", "kept"],
      implied: only("swapped"),
      refused: "kept",
    },
  },
  results: { value: { value: scalar }, written: {}, swapped: {}, kept: {} },
};

const version = optional(whole);
const kv: Vocabulary = {
  calls: {
    get: { shape: { key: text }, results: ["found", "missing"], implied: foundOr("found", "missing") },
    put: {
      shape: { key: text, value: text, ifVersion: version },
      results: ["stored", "conflict"],
      implied: only("stored"),
    },
    delete: {
      shape: { key: text, ifVersion: version },
      results: ["deleted", "missing", "conflict"],
      implied: only("deleted"),
    },
    cas: {
      shape: { key: text, from: textOrNull, to: text },
      spread: pair,
      results: ["stored", "conflict"],
      implied: only("stored"),
      refused: "conflict",
    },
  },
  results: {
    found: { value: text, version },
    missing: {},
    stored: { version, created: optional(flag) },
    deleted: {},
    conflict: { version },
  },
};

const stackName = { stack: text };
const stack: Vocabulary = {
  calls: {
    create: { shape: stackName, results: ["created", "exists"], implied: only("created") },
    delete: { shape: stackName, results: ["deleted", "missing"], implied: only("deleted") },
    push: { shape: { ...stackName, value: scalar }, results: ["pushed", "missing"], implied: only("pushed") },
    pop: { shape: stackName, results: ["popped", "empty", "missing"], implied: foundOr("popped", "empty") },
    top: { shape: stackName, results: ["top", "empty", "missing"], implied: foundOr("top", "empty") },
    size: { shape: stackName, results: ["size", "missing"], implied: (size) => ({ kind: "size", size }) },
  },
  results: {
    created: {},
    exists: {},
    deleted: {},
    pushed: { size: optional(whole) },
    popped: { value: scalar, size: optional(whole) },
    top: { value: scalar },
    size: { size: whole },
    empty: {},
    missing: {},
  },
};

const queue: Vocabulary = {
  calls: {
    enqueue: { shape: { queue: name, value: scalar }, results: ["enqueued"], implied: only("enqueued") },
    dequeue: { shape: { queue: name }, results: ["dequeued", "empty"], implied: foundOr("dequeued", "empty") },
  },
  results: { enqueued: {}, dequeued: { value: scalar }, empty: {} },
};

const changed = optional(flag);
const set: Vocabulary = {
  calls: {
    add: { shape: { set: name, value: scalar }, results: ["added"], implied: only("added") },
    remove: { shape: { set: name, value: scalar }, results: ["removed"], implied: only("removed") },
    has: {
      shape: { set: name, value: scalar },
      results: ["present", "absent"],
      implied: (value) => ({ kind: value === true ? "present" : "absent" }),
    },
    read: { shape: { set: name }, results: ["values"], implied: (values) => ({ kind: "values", values }) },
  },
  results: { added: { changed }, removed: { changed }, present: {}, absent: {}, values: { values: scalars } },
};

const log: Vocabulary = {
  calls: {
    append: {
      shape: { log: name, entry: text },
      spread: (entry) => ({ entry }),
      results: ["appended"],
      implied: (index) => ({ kind: "appended", index }),
    },
    read: {
      shape: { log: name, from: whole, limit: whole },
      results: ["entries"],
      implied: (found) => ({ kind: "entries", entries: found }),
    },
    length: { shape: { log: name }, results: ["length"], implied: (length) => ({ kind: "length", length }) },
  },
  results: { appended: { index: whole }, entries: { entries, last: optional(whole) }, length: { length: whole } },
};

/** The words of each model that files can be about. */
export const vocabularies: Readonly<Record<ModelName, Vocabulary>> = { register, kv, stack, set, queue, log };

function isWhole(value: unknown): boolean {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

function isScalar(value: unknown): boolean {
  return value === null || ["string", "number", "boolean"].includes(typeof value);
}

function isListOf(value: unknown, is: (each: unknown) => boolean): boolean {
  return Array.isArray(value) && value.every(is);
}

/** Whether a value is an object with named fields. */
export function isRecord(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
