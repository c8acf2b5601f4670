import { ByteReader, type Bytes, ByteWriter, type Codec } from "../base/bytes.ts";
import { MalformedError } from "../base/errors.ts";
import { frame, framedSection, readFrames, readVersion } from "./frames.ts";
import type { Machine } from "./machine.ts";

/** Any machine, whatever its words: every `Machine` is one. */
interface Part {
  readonly initial: () => unknown;
  readonly apply: (state: never, command: never, index: number) => unknown;
  readonly query: (state: never, question: never) => unknown;
  readonly snapshot: (state: never) => Iterable<Bytes>;
  readonly restore: (chunks: AsyncIterable<Bytes>) => Promise<unknown>;
  readonly command: { encode(value: never): Bytes; decode(bytes: Bytes): unknown };
  readonly answer: { encode(value: never): Bytes; decode(bytes: Bytes): unknown };
}

/** Machines by name. */
export type Parts = Readonly<Record<string, Part>>;

type Named<All extends Parts> = keyof All & string;

/** The state of each machine. */
export type BundleState<All extends Parts> = { [Name in Named<All>]: ReturnType<All[Name]["initial"]> };

/** A command for one of the machines. */
export type BundleCommand<All extends Parts> = {
  [Name in Named<All>]: { readonly machine: Name; readonly command: Parameters<All[Name]["apply"]>[1] };
}[Named<All>];

/** An answer of one of the machines. */
export type BundleAnswer<All extends Parts> = {
  [Name in Named<All>]: { readonly machine: Name; readonly answer: ReturnType<All[Name]["apply"]> };
}[Named<All>];

/** A question to one of the machines. */
export type BundleQuestion<All extends Parts> = {
  [Name in Named<All>]: { readonly machine: Name; readonly question: Parameters<All[Name]["query"]>[1] };
}[Named<All>];

/** A reply of one of the machines. */
export type BundleReply<All extends Parts> = {
  [Name in Named<All>]: { readonly machine: Name; readonly reply: ReturnType<All[Name]["query"]> };
}[Named<All>];

/** A `bundle` of `All`. */
export type Bundle<All extends Parts> = Machine<
  BundleState<All>,
  BundleCommand<All>,
  BundleAnswer<All>,
  BundleQuestion<All>,
  BundleReply<All>
>;

/**
 * All machines seen as one kind: which words belong to which is checked by the types of `bundle`, and by the codecs.
 */
type Uniform = Machine<unknown, unknown, unknown, unknown, unknown>;

const nameBytesMax = 64;
const version = 1;

/**
 * One machine out of several, addressed by name.
 *
 * A later release may add a machine: its state is then `initial` in older snapshots. It must not be used before every
 * member runs that release; a snapshot that holds a machine unknown here is refused.
 */
export function bundle<All extends Parts>(parts: All): Bundle<All> {
  const machines = new Map(Object.entries(parts) as unknown as [string, Uniform][]);
  const one: Machine<
    Record<string, unknown>,
    Addressed<"command">,
    Addressed<"answer">,
    Addressed<"question">,
    Addressed<"reply">
  > = {
    initial: () => initialStates(machines),
    apply: (states, { machine, command }, index) => ({
      machine,
      answer: machineNamed(machines, machine).apply(states[machine], command, index),
    }),
    query: (states, { machine, question }) => ({
      machine,
      reply: machineNamed(machines, machine).query(states[machine], question),
    }),
    snapshot: (states) => {
      const sections = Array.from(machines, ([name, part]) => ({ name, chunks: part.snapshot(states[name]) }));
      return snapshotSections(sections);
    },
    restore: (chunks) => restoreStates(machines, chunks),
    command: addressedCodec(machines, "command"),
    answer: addressedCodec(machines, "answer"),
  };
  return one as unknown as Bundle<All>;
}

type Addressed<Word extends string> = { readonly machine: string } & { readonly [Name in Word]: unknown };

function initialStates(machines: ReadonlyMap<string, Uniform>): Record<string, unknown> {
  return Object.fromEntries(Array.from(machines, ([name, part]) => [name, part.initial()]));
}

function machineNamed(machines: ReadonlyMap<string, Uniform>, name: string): Uniform {
  const machine = machines.get(name);
  if (machine === undefined) throw new MalformedError(`there is no machine ${name} in this release`);
  return machine;
}

/** The machine's name, then the word in that machine's own codec. */
function addressedCodec<Word extends "command" | "answer">(
  machines: ReadonlyMap<string, Uniform>,
  word: Word,
): Codec<Addressed<Word>> {
  return {
    encode: (addressed) => {
      const bytes = machineNamed(machines, addressed.machine)[word].encode(addressed[word]);
      return new ByteWriter(bytes.length + nameBytesMax).text(addressed.machine).raw(bytes).finish();
    },
    decode: (bytes) => {
      const reader = new ByteReader(bytes);
      const machine = reader.text(nameBytesMax);
      const value = machineNamed(machines, machine)[word].decode(reader.raw(reader.remaining));
      return { machine, [word]: value } as Addressed<Word>;
    },
  };
}

function* snapshotSections(sections: readonly { name: string; chunks: Iterable<Bytes> }[]): Generator<Bytes> {
  yield frame(new ByteWriter().byte(version).varint(sections.length).finish());
  for (const { name, chunks } of sections) {
    yield frame(new ByteWriter().text(name).finish());
    yield* framedSection(chunks);
  }
}

function restoreStates(
  machines: ReadonlyMap<string, Uniform>,
  chunks: AsyncIterable<Bytes>,
): Promise<Record<string, unknown>> {
  return readFrames(chunks, async (frames) => {
    const count = await frames.head((reader) => {
      readVersion(reader, version);
      return reader.varint();
    });
    const states = initialStates(machines);
    const found = new Set<string>();
    for (let section = 0; section < count; section++) {
      const name = await frames.head((reader) => reader.text(nameBytesMax));
      if (found.has(name)) throw new MalformedError(`machine ${name} is stored twice`);
      found.add(name);
      states[name] = await frames.section(machineNamed(machines, name).restore);
    }
    return states;
  });
}
