import type { Bytes, Codec } from "../../base/bytes.ts";
import type { NodeId } from "../../base/ids.ts";
import { joined } from "../../machines/frames.ts";
import type { WaitOptions } from "../api.ts";
import { codecOf, type Encoding } from "./encodings.ts";
import { GroupMember, type RawDelivery } from "./member/member.ts";
import type { StateBytes } from "./member/state-transfer.ts";
import { checkMemberOptions, type MemberConfig, type MemberOptions } from "./options.ts";
import type { GroupView } from "./views.ts";

/** A message of the group: the same one at the same position on every member. */
export interface GroupDelivery<Value> {
  /** 1, 2, 3 … in the group, whatever its members. */
  readonly position: number;
  /** Address of the member that multicast it. */
  readonly sender: NodeId;
  /** A logical time, no clock's: messages are in order of it, and of the sender, within a view. */
  readonly timestamp: number;
  readonly value: Value;
}

/**
 * The application's state, given to newcomers whole.
 *
 * Both are called between two deliveries, never while one is in the loop's hands; the next one waits until they are
 * done. The state travels in the encoding of the group, and is in memory once more while it does.
 */
export interface GroupState<State> {
  /** The state after all that was taken in so far. */
  get(): State | Promise<State>;
  /** Replaces the state, by the one after the message at `position`: of a newcomer, and of who was excluded. */
  set(state: State, position: number): void | Promise<void>;
}

/** How to take part in a group. */
export interface GroupOptions<Name extends Encoding, State> extends MemberOptions {
  /** How values become bytes. The same on all members. */
  readonly encoding: Name;
  /**
   * How newcomers get the application's state. Left out, on all members: they have none, and begin where they come in.
   */
  readonly state?: GroupState<State>;
}

/** A member of a group in which every message is delivered everywhere, in one order. */
export interface Group<Value> extends AsyncIterable<GroupDelivery<Value>>, AsyncDisposable {
  /** This member's name: its address. */
  readonly address: NodeId;
  /** The newest view. */
  readonly view: GroupView;
  /**
   * Resolves with the position at which the value was delivered here.
   *
   * Rejects with an `OperatingError`, whose `outcome` says whether it may have been, or may be, delivered. More than
   * 20,000 messages or 32 MiB waiting are refused with `BusyError`.
   */
  multicast(value: Value, options?: WaitOptions): Promise<number>;
  /**
   * The messages in order, from where this process came in; one loop at a time.
   *
   * Asking for the next one, or ending the loop, says that the last is taken in. A member that does not take them in
   * holds up the whole group (`unconsumedMax`), and is voted out after half a minute.
   */
  deliveries(options?: { readonly signal?: AbortSignal }): AsyncIterableIterator<GroupDelivery<Value>>;
  /** The present view, and then each change. A slow reader misses the oldest of more than 64. */
  views(options?: { readonly signal?: AbortSignal }): AsyncIterableIterator<GroupView>;
  /** Takes no more, and goes once all that was multicast here is delivered, or after some seconds. */
  leave(): Promise<void>;
  /** Rejects if the member stopped by itself (its state lost, a rule broken); resolves once it has left. */
  readonly closed: Promise<void>;
}

/** Takes part in a group of byte strings. */
export async function joinGroup(options: GroupOptions<"bytes", Bytes>): Promise<Group<Bytes>>;
/** Takes part in a group of texts. */
export async function joinGroup(options: GroupOptions<"string", string>): Promise<Group<string>>;
/** Takes part in a group of what JSON can say. */
export async function joinGroup<Value>(options: GroupOptions<"json", unknown>): Promise<Group<Value>>;
/**
 * Resolves once this process is a member and, if there is a state, has it: whoever comes first waits for a majority of
 * the seeds.
 *
 * Rejects with `OptionError`, `AddressInUseError`, `AbortedError`, `StateLostError` and what a data directory may do.
 */
export async function joinGroup(options: GroupOptions<Encoding, unknown>): Promise<Group<unknown>> {
  const { encoding, state } = options;
  const config = checkMemberOptions(options, { encoding, stateless: state === undefined });
  const codec = codecOf(encoding);
  const member = new GroupMember(config, state && encoded(state, codec, config));
  await member.join();
  return new Joined(member, codec, config.timeoutMs);
}

class Joined implements Group<unknown> {
  readonly address: NodeId;
  readonly closed: Promise<void>;
  readonly #member: GroupMember;
  readonly #codec: Codec<unknown>;
  readonly #timeoutMs: number;

  constructor(member: GroupMember, codec: Codec<unknown>, timeoutMs: number) {
    this.address = member.node;
    this.closed = member.closed;
    this.#member = member;
    this.#codec = codec;
    this.#timeoutMs = timeoutMs;
  }

  get view(): GroupView {
    return this.#member.views.current as GroupView;
  }

  multicast(value: unknown, { signal, timeoutMs = this.#timeoutMs }: WaitOptions = {}): Promise<number> {
    return new Promise((resolve, reject) => {
      const payload = this.#codec.encode(value);
      const proposal = { payload, isRepeatable: false, committed: resolve, failed: reject };
      this.#member.submit(proposal, signal === undefined ? { timeoutMs } : { timeoutMs, signal });
    });
  }

  deliveries({ signal }: { readonly signal?: AbortSignal } = {}): AsyncIterableIterator<GroupDelivery<unknown>> {
    return this.#member.deliveries.read((delivery) => this.#decode(delivery), signal);
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<GroupDelivery<unknown>> {
    return this.deliveries();
  }

  views({ signal }: { readonly signal?: AbortSignal } = {}): AsyncIterableIterator<GroupView> {
    return this.#member.views.read(signal);
  }

  leave(): Promise<void> {
    return this.#member.leave();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.leave();
  }

  /** Members of one group have one encoding, so what cannot be read is a fault of the sender's, and fatal for all. */
  #decode({ position, sender, timestamp, payload }: RawDelivery): GroupDelivery<unknown> {
    try {
      return { position, sender, timestamp, value: this.#codec.decode(payload) };
    } catch (error) {
      this.#member.fail(error);
      throw error;
    }
  }
}

/** The state as bytes; the borders of its pieces carry no meaning. Says when it kept this thread for too long. */
function encoded(state: GroupState<unknown>, codec: Codec<unknown>, { suspectMs, notice }: MemberConfig): StateBytes {
  const timed = <Result>(doing: string, run: () => Result): Result => {
    const startedAt = performance.now();
    const result = run();
    const tookMs = Math.round(performance.now() - startedAt);
    if (tookMs > suspectMs / 2) {
      const text = `${doing} the state took ${tookMs} ms, in which this member could not speak; members are voted out after ${suspectMs} ms of silence (suspectMs)`;
      notice("warn", text, { tookMs, suspectMs });
    }
    return result;
  };
  return {
    get: async () => {
      const value = await state.get();
      return [timed("encoding", () => codec.encode(value))];
    },
    set: async (content, position) => {
      const bytes = await joined(content);
      const value = timed("decoding", () => codec.decode(bytes));
      await state.set(value, position);
    },
  };
}
