import fc from "fast-check";
import { expect, test } from "vitest";
import { splitEvery, wholeSnapshot } from "../../test/conformance/machine.ts";
import { MalformedError } from "../base/errors.ts";
import { toUtf8 } from "../base/text.ts";
import { framedItems, framedSection, joined, readFrames } from "./frames.ts";

/** Items, a section of raw chunks, and items again. */
function* written(texts: readonly string[], chunks: readonly Uint8Array[]) {
  yield* framedItems(texts, (writer, text) => writer.text(text));
  yield* framedSection(chunks);
  yield* framedItems(texts, (writer, text) => writer.text(text));
}

async function read(chunks: AsyncIterable<Uint8Array>) {
  return readFrames(chunks, async (frames) => {
    const texts: string[] = [];
    await frames.items((reader) => texts.push(reader.text()));
    const section = await frames.section(joined);
    await frames.items((reader) => texts.push(reader.text()));
    return { texts, section };
  });
}

test("items and sections come back, however their bytes are split", async () => {
  const texts = fc.array(fc.string({ maxLength: 30 }), { maxLength: 20 });
  const chunks = fc.array(fc.uint8Array({ maxLength: 30 }), { maxLength: 10 });
  await fc.assert(
    fc.asyncProperty(texts, chunks, fc.integer({ min: 1, max: 60 }), async (some, parts, size) => {
      const bytes = wholeSnapshot(written(some, parts));

      const { texts: found, section } = await read(splitEvery(bytes, size));

      expect(found).toEqual([...some, ...some]);
      expect(wholeSnapshot([section])).toEqual(wholeSnapshot(parts));
    }),
    { numRuns: 100 },
  );
});

test("many items make chunks of bounded size, made as they are asked for", () => {
  let taken = 0;
  function* items() {
    for (; taken < 100_000; taken++) yield "0123456789";
  }

  const chunks = framedItems(items(), (writer, text) => writer.text(text));
  const first = chunks.next().value;

  expect(taken).toBeLessThan(7000);
  expect(first?.length).toBeLessThan(70_000);
  expect([...chunks].every((chunk) => chunk.length < 70_000)).toBe(true);
});

test("what is cut off, left over or left unread is malformed", async () => {
  const bytes = wholeSnapshot(written(["a", "b"], [toUtf8("section")]));

  for (let length = 0; length < bytes.length; length++) {
    await expect(read(splitEvery(bytes.subarray(0, length), 5))).rejects.toThrow(MalformedError);
  }
  await expect(read(splitEvery(Buffer.concat([bytes, bytes]), 5))).rejects.toThrow("bytes too many");
  const unread = readFrames(splitEvery(bytes, 5), async (frames) => {
    await frames.items((reader) => reader.text());
    await frames.section(async () => {});
  });
  await expect(unread).rejects.toThrow("bytes too many");
});

test("a section may be left at its last byte, without asking for its end", async () => {
  const bytes = wholeSnapshot(written(["a"], [toUtf8("section")]));

  const found = await readFrames(splitEvery(bytes, 5), async (frames) => {
    const texts: string[] = [];
    await frames.items((reader) => texts.push(reader.text()));
    await frames.section((chunks) => chunks[Symbol.asyncIterator]().next());
    await frames.items((reader) => texts.push(reader.text()));
    return texts;
  });

  expect(found).toEqual(["a", "a"]);
});

test("a frame that claims gigabytes takes no memory for them", async () => {
  const bytes = Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0x07, 1, 2, 3);

  await expect(read(splitEvery(bytes, 8))).rejects.toThrow("ends too early");
  await expect(read(splitEvery(new Uint8Array(9).fill(0xff), 8))).rejects.toThrow("longer than");
});

test("the source is closed when reading fails", async () => {
  let closed = false;
  async function* source() {
    try {
      yield Uint8Array.of(9);
      yield Uint8Array.of(9);
    } finally {
      closed = true;
    }
  }

  const reading = readFrames(source(), async () => {
    throw new MalformedError("at once");
  });

  await expect(reading).rejects.toThrow("at once");
  expect(closed).toBe(false); // a generator that was never started has nothing to close
  const late = readFrames(source(), async (frames) => frames.head((reader) => reader.text()));
  await expect(late).rejects.toThrow(MalformedError);
  expect(closed).toBe(true);
});
