import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Bytes } from "../../src/base/bytes.ts";
import { MalformedError } from "../../src/base/errors.ts";
import type { Machine } from "../../src/machines/machine.ts";

/** A machine under test: its words, and questions whose replies together show all of its state. */
export interface MachineSubject<State, Command, Answer, Question, Reply> {
  readonly machine: Machine<State, Command, Answer, Question, Reply>;
  readonly commands: fc.Arbitrary<Command>;
  readonly questions: readonly Question[];
}

/** The bytes of a snapshot, split every `size` bytes. */
export async function* splitEvery(bytes: Bytes, size: number): AsyncGenerator<Bytes> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

/** A snapshot in one piece. */
export function wholeSnapshot(chunks: Iterable<Bytes>): Bytes {
  return Buffer.concat([...chunks]);
}

/** What every machine must do, whoever wrote it. */
export function describeMachine<State, Command, Answer, Question, Reply>(
  name: string,
  { machine, commands, questions }: MachineSubject<State, Command, Answer, Question, Reply>,
): void {
  const run = (state: State, wave: readonly Command[], from: number) =>
    wave.map((command, at) => machine.answer.encode(machine.apply(state, command, from + at)));
  const show = (state: State) => structuredClone(questions.map((question) => machine.query(state, question)));
  const waves = fc.tuple(
    fc.array(commands, { maxLength: 40 }),
    fc.array(commands, { maxLength: 40 }),
    fc.integer({ min: 1, max: 50 }),
  );

  describe(`${name}, as a machine`, () => {
    test("commands and answers come back from their codecs as they were", () => {
      fc.assert(
        fc.property(fc.array(commands, { minLength: 1, maxLength: 30 }), (wave) => {
          const state = machine.initial();
          for (const [at, command] of wave.entries()) {
            const encoded = machine.command.encode(command);
            expect(machine.command.decode(encoded)).toEqual(command);
            const answer = machine.apply(state, command, at + 1);
            expect(machine.answer.decode(machine.answer.encode(answer))).toEqual(answer);
          }
        }),
        { numRuns: 50 },
      );
    });

    test("a snapshot shows the moment of its call, however slowly it is read and however it is split", async () => {
      await fc.assert(
        fc.asyncProperty(waves, async ([before, after, size]) => {
          const live = machine.initial();
          run(live, before, 1);
          const shown = show(live);
          const chunks = machine.snapshot(live)[Symbol.iterator]();
          const parts: Bytes[] = [];
          const answers: Bytes[] = [];
          for (const [at, command] of after.entries()) {
            answers.push(...run(live, [command], before.length + 1 + at));
            const next = chunks.next();
            if (!next.done) parts.push(next.value);
          }
          for (let next = chunks.next(); !next.done; next = chunks.next()) parts.push(next.value);

          const restored = await machine.restore(splitEvery(wholeSnapshot(parts), size));

          expect(show(restored)).toEqual(shown);
          expect(run(restored, after, before.length + 1)).toEqual(answers);
          expect(show(restored)).toEqual(show(live));
        }),
        { numRuns: 50 },
      );
    });

    test("a damaged or truncated snapshot is refused as malformed, or is another valid one", async () => {
      const damage = fc.tuple(fc.array(commands, { maxLength: 20 }), fc.nat(), fc.nat(255), fc.boolean());
      await fc.assert(
        fc.asyncProperty(damage, async ([wave, place, byte, truncate]) => {
          const state = machine.initial();
          run(state, wave, 1);
          const bytes = Uint8Array.from(wholeSnapshot(machine.snapshot(state)));
          const at = place % bytes.length;
          bytes[at] = byte;
          const given = truncate ? bytes.subarray(0, at) : bytes;

          const error = await machine.restore(splitEvery(given, 7)).then(
            () => undefined,
            (thrown: unknown) => thrown,
          );

          if (truncate) expect(error).toBeInstanceOf(MalformedError);
          else if (error !== undefined) expect(error).toBeInstanceOf(MalformedError);
        }),
        { numRuns: 100 },
      );
    });

    test("bytes that are no command or answer are refused as malformed", () => {
      fc.assert(
        fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
          for (const codec of [machine.command, machine.answer]) {
            try {
              codec.decode(bytes);
            } catch (error) {
              expect(error).toBeInstanceOf(MalformedError);
            }
          }
        }),
        { numRuns: 300 },
      );
    });
  });
}
