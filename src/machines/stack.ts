import { type Bytes, ByteWriter } from "../base/bytes.ts";
import { MalformedError } from "../base/errors.ts";
import { unreachable } from "../base/invariant.ts";
import { compareUtf8, toUtf8 } from "../base/text.ts";
import { optional, text, unionCodec, whole } from "../base/union-codec.ts";
import { frame, framedItems, readFrames, readVersion } from "./frames.ts";
import type { Machine } from "./machine.ts";
import { type Cut, OrderedMap } from "./ordered-map.ts";

/** What can be done to stacks. */
export type StackCommand =
  /** Without a name, the stack gets the next free integer as decimal text; none is ever chosen twice. */
  | { readonly kind: "create"; readonly stack?: string }
  | { readonly kind: "delete"; readonly stack: string }
  | { readonly kind: "push"; readonly stack: string; readonly value: string }
  | { readonly kind: "pop"; readonly stack: string };

/** What came of it. `size` counts the values afterwards; `missing` means that there is no such stack. */
export type StackAnswer =
  | { readonly kind: "created"; readonly stack: string }
  | { readonly kind: "exists" }
  | { readonly kind: "deleted" }
  | { readonly kind: "pushed"; readonly size: number }
  | { readonly kind: "popped"; readonly value: string; readonly size: number }
  | { readonly kind: "missing" }
  | { readonly kind: "empty" };

/** What can be asked. `list` names stacks in byte order, from behind `after` on, at most 1,000 at a time. */
export type StackQuestion =
  | { readonly kind: "list"; readonly after?: string; readonly limit: number }
  | { readonly kind: "get"; readonly stack: string }
  | { readonly kind: "top"; readonly stack: string }
  | { readonly kind: "size"; readonly stack: string };

/** What is replied. `more`: there are stacks behind the last one listed. */
export type StackReply =
  | { readonly kind: "stacks"; readonly stacks: readonly StackSummary[]; readonly more: boolean }
  | { readonly kind: "stack"; readonly stack: string; readonly size: number; readonly top: string | undefined }
  | { readonly kind: "top"; readonly value: string }
  | { readonly kind: "size"; readonly size: number }
  | { readonly kind: "missing" }
  | { readonly kind: "empty" };

/** A stack in a list. */
export interface StackSummary {
  readonly stack: string;
  readonly size: number;
}

/** A value and all below it: never changed, so that a cut of the names is a cut of everything. */
interface Level {
  readonly value: string;
  readonly size: number;
  readonly below: Level | undefined;
}

/** What lies under the first value of every stack. */
const ground: Level = { value: "", size: 0, below: undefined };

/** All stacks by name, each by its top. */
export interface StackState {
  /** All integers below are taken, or were given away before. */
  nextInteger: number;
  readonly stacks: OrderedMap<string, Level>;
}

const listMax = 1000;
const idBytesMax = 256;
const version = 1;

/** Whether `text` can name a stack: 1 to 256 bytes of printable text without comma. */
export function isStackId(text: string): boolean {
  return (
    text.length > 0 &&
    text.length <= idBytesMax &&
    !/[\p{C}\p{Zl}\p{Zp},]/u.test(text) &&
    toUtf8(text).length <= idBytesMax
  );
}

/** Any number of stacks of text, by name. Names and sizes are checked by whoever takes them in. */
export const stackMachine: Machine<StackState, StackCommand, StackAnswer, StackQuestion, StackReply> = {
  initial: () => ({ nextInteger: 1, stacks: new OrderedMap(compareUtf8) }),
  apply,
  query,
  snapshot: (state) => snapshot(state.nextInteger, state.stacks.cut()),
  restore,
  command: unionCodec<StackCommand>({
    create: { stack: optional(text) },
    delete: { stack: text },
    push: { stack: text, value: text },
    pop: { stack: text },
  }),
  answer: unionCodec<StackAnswer>({
    created: { stack: text },
    exists: {},
    deleted: {},
    pushed: { size: whole },
    popped: { value: text, size: whole },
    missing: {},
    empty: {},
  }),
};

function apply(state: StackState, command: StackCommand): StackAnswer {
  const { stacks } = state;
  if (command.kind === "create") return create(state, command.stack ?? freeInteger(state));
  const top = stacks.get(command.stack);
  if (top === undefined) return { kind: "missing" };
  switch (command.kind) {
    case "delete":
      stacks.delete(command.stack);
      return { kind: "deleted" };
    case "push": {
      const size = top.size + 1;
      stacks.set(command.stack, { value: command.value, size, below: top });
      return { kind: "pushed", size };
    }
    case "pop":
      if (top.below === undefined) return { kind: "empty" };
      stacks.set(command.stack, top.below);
      return { kind: "popped", value: top.value, size: top.below.size };
    default:
      return unreachable(command);
  }
}

function create({ stacks }: StackState, stack: string): StackAnswer {
  if (stacks.has(stack)) return { kind: "exists" };
  stacks.set(stack, ground);
  return { kind: "created", stack };
}

function freeInteger(state: StackState): string {
  while (state.stacks.has(String(state.nextInteger))) state.nextInteger++; // each step is paid for by a create by name
  return String(state.nextInteger++);
}

function query(state: StackState, question: StackQuestion): StackReply {
  if (question.kind === "list") return list(state, question.after, Math.min(question.limit, listMax));
  const top = state.stacks.get(question.stack);
  if (top === undefined) return { kind: "missing" };
  const { size, value } = top;
  switch (question.kind) {
    case "get":
      return { kind: "stack", stack: question.stack, size, top: size === 0 ? undefined : value };
    case "top":
      return size === 0 ? { kind: "empty" } : { kind: "top", value };
    case "size":
      return { kind: "size", size };
    default:
      return unreachable(question);
  }
}

function list({ stacks }: StackState, after: string | undefined, limit: number): StackReply {
  const found: StackSummary[] = [];
  for (const [stack, { size }] of stacks.entriesFrom(after)) {
    if (stack === after) continue;
    if (!(found.length < limit)) return { kind: "stacks", stacks: found, more: true };
    found.push({ stack, size });
  }
  return { kind: "stacks", stacks: found, more: false };
}

function* snapshot(nextInteger: number, stacks: Cut<string, Level>): Generator<Bytes> {
  yield frame(new ByteWriter().byte(version).varint(nextInteger).finish());
  yield* framedItems(stackItems(stacks), (writer, item) => {
    if (typeof item === "string") writer.text(item);
    else writer.text(item.stack).varint(item.size);
  });
}

/** Each stack, followed by its values from the top down. */
function* stackItems(stacks: Cut<string, Level>): Generator<StackSummary | string> {
  for (const [stack, top] of stacks) {
    yield { stack, size: top.size };
    for (let level = top; level.below !== undefined; level = level.below) yield level.value;
  }
}

function restore(chunks: AsyncIterable<Bytes>): Promise<StackState> {
  return readFrames(chunks, async (frames) => {
    const nextInteger = await frames.head((reader) => {
      readVersion(reader, version);
      return reader.varint();
    });
    const stacks = new OrderedMap<string, Level>(compareUtf8);
    let stack = "";
    let missing = 0;
    let above: { below: Level | undefined } | undefined;
    await frames.items((reader) => {
      if (missing === 0) {
        stack = reader.text();
        missing = reader.varint();
        above = undefined;
        if (stacks.has(stack)) throw new MalformedError("a stack is listed twice");
        if (missing === 0) stacks.set(stack, ground);
        return;
      }
      const level = { value: reader.text(), size: missing, below: missing === 1 ? ground : undefined };
      if (above === undefined) stacks.set(stack, level);
      else above.below = level;
      above = level;
      missing--;
    });
    if (missing > 0) throw new MalformedError("a snapshot ends within a stack");
    return { nextInteger, stacks };
  });
}
