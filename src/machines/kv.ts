import { type Bytes, ByteWriter } from "../base/bytes.ts";
import { MalformedError } from "../base/errors.ts";
import { unreachable } from "../base/invariant.ts";
import { compareUtf8 } from "../base/text.ts";
import { flag, optional, text, unionCodec, whole } from "../base/union-codec.ts";
import { frame, framedItems, readFrames, readVersion } from "./frames.ts";
import type { Machine } from "./machine.ts";
import { type Cut, OrderedMap } from "./ordered-map.ts";

/** What can be done to keys. With `ifVersion`, only if the key has this version; 0: only if there is no such key. */
export type KvCommand =
  | { readonly kind: "put"; readonly key: string; readonly value: string; readonly ifVersion?: number }
  | { readonly kind: "delete"; readonly key: string; readonly ifVersion?: number };

/**
 * What came of it. A version is the command's place in the agreed order, so that none is ever used again, not even for
 * a key deleted and made anew.
 */
export type KvAnswer =
  | { readonly kind: "stored"; readonly version: number; readonly created: boolean }
  /** Nothing was changed; `version` is the key's own, `undefined` if there is no such key. */
  | { readonly kind: "conflict"; readonly version: number | undefined }
  | { readonly kind: "deleted" }
  | { readonly kind: "missing" };

/** What can be asked. `list` names keys in byte order, from behind `after` on, at most 1,000 at a time. */
export type KvQuestion =
  | { readonly kind: "get"; readonly key: string }
  | { readonly kind: "list"; readonly prefix: string; readonly after?: string; readonly limit: number };

/** What is replied. `more`: there are keys behind the last one listed. */
export type KvReply =
  | { readonly kind: "found"; readonly value: string; readonly version: number }
  | { readonly kind: "missing" }
  | { readonly kind: "keys"; readonly keys: readonly KvSummary[]; readonly more: boolean };

/** A key in a list. */
export interface KvSummary {
  readonly key: string;
  readonly version: number;
}

interface Stored {
  readonly value: string;
  readonly version: number;
}

/** All keys with their values. */
export type KvState = OrderedMap<string, Stored>;

const listMax = 1000;
const version = 1;

/** A map of texts with compare-and-set. Keys and sizes are checked by whoever takes them in. */
export const kvMachine: Machine<KvState, KvCommand, KvAnswer, KvQuestion, KvReply> = {
  initial: () => new OrderedMap(compareUtf8),
  apply,
  query: (state, question) => {
    if (question.kind === "list")
      return list(state, question.prefix, question.after, Math.min(question.limit, listMax));
    const stored = state.get(question.key);
    return stored === undefined ? { kind: "missing" } : { kind: "found", ...stored };
  },
  snapshot: (state) => snapshot(state.cut()),
  restore,
  command: unionCodec<KvCommand>({
    put: { key: text, value: text, ifVersion: optional(whole) },
    delete: { key: text, ifVersion: optional(whole) },
  }),
  answer: unionCodec<KvAnswer>({
    stored: { version: whole, created: flag },
    conflict: { version: optional(whole) },
    deleted: {},
    missing: {},
  }),
};

function apply(state: KvState, command: KvCommand, index: number): KvAnswer {
  const { key, ifVersion } = command;
  const found = state.get(key)?.version;
  if (ifVersion !== undefined && ifVersion !== (found ?? 0)) return { kind: "conflict", version: found };
  switch (command.kind) {
    case "put":
      state.set(key, { value: command.value, version: index });
      return { kind: "stored", version: index, created: found === undefined };
    case "delete":
      return { kind: state.delete(key) ? "deleted" : "missing" };
    default:
      return unreachable(command);
  }
}

function list(state: KvState, prefix: string, after: string | undefined, limit: number): KvReply {
  const keys: KvSummary[] = [];
  const start = after !== undefined && compareUtf8(after, prefix) > 0 ? after : prefix;
  for (const [key, { version }] of state.entriesFrom(start)) {
    if (key === after) continue;
    if (!key.startsWith(prefix)) break; // in byte order, keys of one prefix stand together
    if (!(keys.length < limit)) return { kind: "keys", keys, more: true };
    keys.push({ key, version });
  }
  return { kind: "keys", keys, more: false };
}

function* snapshot(entries: Cut<string, Stored>): Generator<Bytes> {
  yield frame(new ByteWriter().byte(version).varint(entries.size).finish());
  yield* framedItems(entries, (writer, [key, stored]) => writer.text(key).text(stored.value).varint(stored.version));
}

function restore(chunks: AsyncIterable<Bytes>): Promise<KvState> {
  return readFrames(chunks, async (frames) => {
    const size = await frames.head((reader) => {
      readVersion(reader, version);
      return reader.varint();
    });
    const state: KvState = new OrderedMap(compareUtf8);
    await frames.items((reader) => state.set(reader.text(), { value: reader.text(), version: reader.varint() }));
    if (state.size !== size) throw new MalformedError(`a snapshot of ${size} keys holds ${state.size}`);
    return state;
  });
}
