import { crc32 } from "node:zlib";
import fc from "fast-check";
import { afterEach, describe, expect, test } from "vitest";
import { noBytes } from "../../src/base/bytes.ts";
import { fromUtf8, toUtf8 } from "../../src/base/text.ts";
import type { Log, LogRecord, LogSpan } from "../../src/runtime/logs/log.ts";

/** A place where one log lives through crashes. */
export interface LogMedium {
  /** A log on what is stored now. One opened before it stands for a process that was killed. */
  open(): Promise<Log>;
  /** Closes and removes everything. */
  end(): Promise<void>;
}

/** What every implementation of `Log` promises; `histories` random ones are tried. */
export function logConformance(name: string, newMedium: () => Promise<LogMedium>, histories: number = 60): void {
  const media: LogMedium[] = [];
  const medium = async (): Promise<LogMedium> => {
    const made = await newMedium();
    media.push(made);
    return made;
  };
  afterEach(async () => {
    for (const made of media.splice(0)) await made.end();
  });

  describe(`${name} as a log`, () => {
    test("what was appended is recovered in order after a crash", async () => {
      const disk = await medium();
      const { log } = await recovered(disk);
      const stored = [state("t1"), entries(1, "a", "b"), entries(3, "c"), plain("p")];

      await log.append(stored.slice(0, 2));
      await log.append(stored.slice(2));

      expect((await recovered(disk)).records).toEqual(stored);
    });

    test("an empty log recovers to nothing and reads nothing", async () => {
      const disk = await medium();

      const { log, records } = await recovered(disk);

      expect(records).toEqual([]);
      expect(await log.read(0, 1, 1000)).toEqual([]);
    });

    test("appending goes on after each restart", async () => {
      const disk = await medium();
      for (let round = 1; round <= 5; round++) {
        const { log, records } = await recovered(disk);
        expect(records).toHaveLength(round - 1);
        await log.append([entries(round, `e${round}`)]);
      }

      const { log } = await recovered(disk);

      expect(texts(await log.read(0, 1, 1000))).toEqual(["1:e1", "2:e2", "3:e3", "4:e4", "5:e5"]);
    });

    test("a read gives whole spans until the bytes asked for are reached", async () => {
      const { log } = await recovered(await medium());
      await log.append([entries(1, "aaaa"), entries(2, "bbbb")]);
      await log.append([entries(3, "cccc")]);

      expect(texts(await log.read(0, 1, 0))).toEqual(["1:aaaa"]);
      expect(texts(await log.read(0, 1, 4))).toEqual(["1:aaaa"]);
      expect(texts(await log.read(0, 1, 5))).toEqual(["1:aaaa", "2:bbbb"]);
      expect(texts(await log.read(0, 2, 100))).toEqual(["2:bbbb", "3:cccc"]);
    });

    test("positions written again replace all stored from there on", async () => {
      const disk = await medium();
      const { log } = await recovered(disk);
      await log.append([{ ...entries(1, "old"), positions: { first: 1, count: 5 } }]);

      await log.append([entries(3, "new")]);

      const spans = [
        [1, 2, "old"],
        [3, 3, "new"],
      ];
      expect(spanList(await log.read(0, 1, 1000))).toEqual(spans);
      expect(await log.read(0, 4, 1000)).toEqual([]);
      const again = await recovered(disk);
      expect(spanList(await again.log.read(0, 1, 1000))).toEqual(spans);
    });

    test("a record of no positions takes away from its first on", async () => {
      const disk = await medium();
      const { log } = await recovered(disk);
      await log.append([entries(1, "a"), entries(2, "b")]);

      await log.append([{ group: 0, kind: 1, bytes: noBytes, positions: { first: 2, count: 0 } }]);

      expect(texts(await log.read(0, 1, 1000))).toEqual(["1:a"]);
      expect(texts(await (await recovered(disk)).log.read(0, 1, 1000))).toEqual(["1:a"]);
    });

    test("positions written in place replace just themselves, in any order", async () => {
      const disk = await medium();
      const { log } = await recovered(disk);
      await log.append([patch(1, "a", 5), patch(8, "far", 2)]);

      await log.append([patch(2, "b", 2)]);
      await log.append([patch(6, "c", 2), patch(5, "d", 2), patch(9, "e")]);

      const spans = [
        [1, 1, "a"],
        [2, 3, "b"],
        [4, 4, "a"],
        [5, 6, "d"],
        [7, 7, "c"],
        [8, 8, "far"],
        [9, 9, "e"],
      ];
      expect(spanList(await log.read(0, 1, 1000))).toEqual(spans);
      expect(spanList(await log.read(0, 4, 1))).toEqual([[4, 4, "a"]]);
      const again = await recovered(disk);
      expect(spanList(await again.log.read(0, 1, 1000))).toEqual(spans);
    });

    test("dropped positions are not read; later ones are", async () => {
      const { log } = await recovered(await medium());
      await log.append([entries(1, "a"), entries(2, "b"), entries(3, "c")]);

      await log.append([{ ...plain("compacted"), dropThrough: 2 }]);

      expect(await log.read(0, 2, 1000)).toEqual([]);
      expect(texts(await log.read(0, 3, 1000))).toEqual(["3:c"]);
    });

    test("groups do not see each other's positions", async () => {
      const { log } = await recovered(await medium());

      await log.append([entries(1, "zero"), { ...entries(1, "one"), group: 1 }]);
      await log.append([{ ...entries(2, "two"), group: 1 }, entries(1, "again")]);

      expect(texts(await log.read(0, 1, 1000))).toEqual(["1:again"]);
      expect(texts(await log.read(1, 1, 1000))).toEqual(["1:one", "2:two"]);
      expect(await log.read(2, 1, 1000)).toEqual([]);
    });

    test("a closed log refuses work", async () => {
      const { log } = await recovered(await medium());

      await log.close();

      await expect(log.append([plain("x")])).rejects.toMatchObject({ code: "QUORATE_CLOSED" });
      await expect(log.read(0, 1, 1)).rejects.toMatchObject({ code: "QUORATE_CLOSED" });
    });

    test("a latest record with positions is refused before anything is stored", async () => {
      const disk = await medium();
      const { log } = await recovered(disk);

      await expect(log.append([plain("x"), { ...entries(1, "a"), latest: true }])).rejects.toThrow(
        "holds no positions",
      );

      expect((await recovered(disk)).records).toEqual([]);
    });

    test("any history of appends, truncations, drops and crashes reads as it should", { timeout: 60_000 }, async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
          const disk = await newMedium();
          try {
            await follow(disk, steps);
          } finally {
            await disk.end();
          }
        }),
        { numRuns: histories },
      );
    });
  });
}

type Step =
  | { readonly kind: "append"; readonly moves: readonly Move[] }
  | { readonly kind: "crash" }
  | { readonly kind: "close" };

interface Move {
  readonly group: number;
  readonly what: "entries" | "patch" | "state" | "plain" | "drop";
  /** Entries: how many positions, and how far back from the end they start. Drop: how far back from the end. */
  readonly count: number;
  readonly back: number;
  readonly bytes: number;
}

const move: fc.Arbitrary<Move> = fc.record({
  group: fc.constantFrom(0, 0, 0, 7),
  what: fc.constantFrom("entries", "entries", "patch", "patch", "patch", "state", "plain", "drop"),
  count: fc.nat(5),
  back: fc.oneof({ weight: 5, arbitrary: fc.constant(0) }, fc.integer({ min: -2, max: 12 })),
  bytes: fc.oneof({ weight: 5, arbitrary: fc.nat(300) }, fc.nat(30_000)),
});

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({ kind: fc.constant("append" as const), moves: fc.array(move, { maxLength: 6 }) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("crash" as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("close" as const) }) },
);

/** What one group holds, kept in the plainest way: which record covers each position. */
class Model {
  positions = new Map<number, LogRecord>();
  reached = 0;
  dropped = 0;
  latest: LogRecord | undefined;

  put(record: LogRecord): void {
    if (record.latest) this.latest = record;
    const { positions, dropThrough } = record;
    if (positions !== undefined) {
      const { first, count, inPlace } = positions;
      const last = first + count - 1;
      for (const position of this.positions.keys()) {
        if (position >= first && (!inPlace || position <= last)) this.positions.delete(position);
      }
      for (let at = 0; at < count; at++) this.positions.set(first + at, record);
      this.reached = inPlace ? Math.max(this.reached, last) : last;
    }
    this.dropped = Math.max(this.dropped, dropThrough ?? 0);
    for (const position of this.positions.keys()) if (position <= this.dropped) this.positions.delete(position);
  }

  from(position: number): string[] {
    const found: string[] = [];
    for (let at = position; ; at++) {
      const record = this.positions.get(at);
      if (record === undefined) return found;
      found.push(`${at}:${fromUtf8(record.bytes.subarray(0, 12))}`);
    }
  }
}

async function follow(disk: LogMedium, steps: readonly Step[]): Promise<void> {
  const models = new Map([0, 7].map((group) => [group, new Model()]));
  const stored: LogRecord[] = [];
  let { log } = await recovered(disk);
  let number = 0;
  for (const happening of steps) {
    if (happening.kind === "append") {
      const records: LogRecord[] = [];
      for (const wanted of happening.moves) {
        const model = models.get(wanted.group) ?? new Model();
        const record = recordFor(wanted, model, `r${number++} `);
        model.put(record);
        records.push(record);
      }
      await log.append(records);
      stored.push(...records);
    } else {
      if (happening.kind === "close") await log.close();
      const again = await recovered(disk);
      log = again.log;
      expectRecovered(again.records, stored, models);
    }
    for (const [group, model] of models) await expectReads(log, group, model);
  }
}

function recordFor({ group, what, count, back, bytes }: Move, model: Model, text: string): LogRecord {
  const content = new Uint8Array(bytes + text.length);
  content.set(toUtf8(text));
  const end = Math.max(model.reached, model.dropped);
  if (what === "state") return { group, kind: 0, bytes: content, latest: true };
  if (what === "plain") return { group, kind: 2, bytes: content };
  if (what === "drop") return { group, kind: 3, bytes: content, dropThrough: Math.max(model.dropped, end - count) };
  const first = Math.max(1, model.dropped + 1, end + 1 - back);
  return { group, kind: 1, bytes: content, positions: { first, count, ...(what === "patch" && { inPlace: true }) } };
}

/** Latest records may be repeated and dropped ones missing; all else is there, in order. */
function expectRecovered(found: readonly LogRecord[], stored: readonly LogRecord[], models: Map<number, Model>): void {
  const lasting = found.filter(({ latest }) => !latest);
  const expected = stored.filter(({ latest }) => !latest);
  expect(lasting.map(label)).toEqual(expected.slice(expected.length - lasting.length).map(label));
  for (const [group, model] of models) {
    const refound = new Model();
    for (const record of found) if (record.group === group) refound.put(record);
    expect(label(refound.latest)).toEqual(label(model.latest));
    for (const [position, record] of model.positions) {
      expect(label(refound.positions.get(position))).toEqual(label(record));
    }
    for (const position of refound.positions.keys()) {
      expect(position <= model.dropped || model.positions.has(position)).toBe(true);
    }
  }
}

/** A record as a line, since comparing long byte arrays one by one is slow. */
function label(record: LogRecord | undefined): string {
  if (record === undefined) return "none";
  const { bytes, ...hints } = record;
  const ordered = Object.entries(hints).sort(([a], [b]) => (a < b ? -1 : 1));
  return `${JSON.stringify(ordered)} ${bytes.length} ${crc32(bytes)}`;
}

async function expectReads(log: Log, group: number, model: Model): Promise<void> {
  for (const from of [1, model.dropped, model.dropped + 1, model.reached - 3, model.reached, model.reached + 1]) {
    if (from < 1) continue;
    const found = (await log.read(group, from, Number.MAX_SAFE_INTEGER)).flatMap((span) => positionsOf(span, from));
    expect(found).toEqual(model.from(from));
  }
}

function positionsOf({ record, first, last }: LogSpan, from: number): string[] {
  const found: string[] = [];
  for (let at = Math.max(first, from); at <= last; at++) found.push(`${at}:${fromUtf8(record.bytes.subarray(0, 12))}`);
  return found;
}

/** Opens the log and reads all of it. */
export async function recovered(medium: LogMedium): Promise<{ log: Log; records: LogRecord[] }> {
  const log = await medium.open();
  const records: LogRecord[] = [];
  for await (const { bytes, ...record } of log.recover()) records.push({ ...record, bytes: new Uint8Array(bytes) });
  return { log, records };
}

function entries(first: number, ...payloads: readonly string[]): LogRecord {
  return { group: 0, kind: 1, bytes: toUtf8(payloads.join(",")), positions: { first, count: payloads.length } };
}

function patch(first: number, text: string, count = 1): LogRecord {
  return { group: 0, kind: 1, bytes: toUtf8(text), positions: { first, count, inPlace: true } };
}

function state(text: string): LogRecord {
  return { group: 0, kind: 0, bytes: toUtf8(text), latest: true };
}

function plain(text: string): LogRecord {
  return { group: 0, kind: 2, bytes: toUtf8(text) };
}

function texts(spans: readonly LogSpan[]): string[] {
  return spans.map(({ record, first }) => `${first}:${fromUtf8(record.bytes)}`);
}

function spanList(spans: readonly LogSpan[]): unknown[] {
  return spans.map(({ record, first, last }) => [first, last, fromUtf8(record.bytes)]);
}
