import type { NodeId } from "../../base/ids.ts";
import { invariant } from "../../base/invariant.ts";

/** Most that a decree or a promise may carry in frames; what is left of a message's limit is for the rest. */
const tailBytesMax = 12 * 2 ** 20;

/** Identity, timing and bounds of one member. Ticks are the host's (20 ms by default); sizes are bytes. */
export interface TotalOrderOptions {
  /** Where this process is reached, such as `10.0.0.1:7001`: up to 255 visible ASCII characters. */
  readonly node: NodeId;
  /** A number that this node never used before, and larger at each start: such as (start time in ms << 12) + chance. */
  readonly incarnation: number;
  /** Where to look for a group. Those among them found one if there is none. */
  readonly seeds: readonly NodeId[];
  /** Seeds the jitter of repeats and attempts. */
  readonly seed: number;
  /** `agreed`: deliver before a majority is known to hold a message. Default "uniform". */
  readonly delivery?: "uniform" | "agreed";
  /** Newcomers begin where they enter, without a state. All members must have the same. Default false. */
  readonly stateless?: boolean;
  /**
   * How many seeds must take part in founding: more than half of all that ever could. All must have the same.
   *
   * Default: a majority of `seeds`, which must then be the same list everywhere.
   */
  readonly founders?: number;
  /** Ticks without anything sent to all until a keep-alive. Default 5. */
  readonly keepAliveTicks?: number;
  /** Ticks of silence until a member is voted out; at least 4 times `keepAliveTicks`. Default 25. */
  readonly suspectTicks?: number;
  /** Ticks that each member waits longer than the one before it until it proposes a view. Default 15. */
  readonly attemptTicks?: number;
  /** Ticks that a proposer waits for those who were not suspected; less than `attemptTicks`. Default 8. */
  readonly promiseTicks?: number;
  /** Ticks that reasons for a change are gathered. Default 3. */
  readonly gatherTicks?: number;
  /** Ticks between applications of a newcomer, and signs of life to absent seeds. Default 6. */
  readonly joinTicks?: number;
  /** Seeds that heard no member for twice as many ticks found a group. Default 20. */
  readonly genesisTicks?: number;
  /** Ticks until a frame is repeated; more than a round trip. Default 4. */
  readonly resendTicks?: number;
  /** The delay doubles up to here. Default 32. */
  readonly resendTicksMax?: number;
  /** Ticks after which who wanted to leave goes without waiting any longer. Default 500. */
  readonly leaveTicks?: number;
  /** Ticks without progress until a member that takes nothing in is voted out. Default 1500. */
  readonly stallTicks?: number;
  /** One payload; larger ones are refused as `too-large`. Default 256 KiB. */
  readonly payloadBytesMax?: number;
  /** Payloads in one frame; a single larger one goes alone. Default 64 KiB. */
  readonly frameBytesMax?: number;
  /** Frames of one sender that not all members hold; beyond it the backlog waits. Default 256. */
  readonly windowFrames?: number;
  /** The same in bytes; less in views of many members. Default 1 MiB. */
  readonly windowBytes?: number;
  /** Own frames not yet delivered, beyond which only full ones are sent. Default 2. */
  readonly pipeline?: number;
  /** Frames repeated to one member at once. Default 4. */
  readonly resendFrames?: number;
  /** Multicasts not yet in a frame; beyond it they are refused as `backlog-full`. Default 10,000. */
  readonly backlogMax?: number;
  /** The same in bytes. Default 16 MiB. */
  readonly backlogBytesMax?: number;
  /** Deliveries not yet `consumed`; beyond it delivery waits, and the senders with it. Default 10,000. */
  readonly unconsumedMax?: number;
  /** The same in bytes. Default 16 MiB. */
  readonly unconsumedBytesMax?: number;
  /** Deliveries that a newcomer holds until it has the state. Default 64 MiB. */
  readonly waitingBytesMax?: number;
  /** One piece of the application's state. Default 256 KiB. */
  readonly chunkBytesMax?: number;
  /** Members of a view, and applicants. Default 32. */
  readonly membersMax?: number;
}

/** All options, complete and checked; `founders` 0: a majority of the seeds. */
export type TotalOrderConfig = Readonly<Required<TotalOrderOptions>>;

/** Whether `text` can name a node: 1 to 255 visible ASCII characters, as addresses are. */
export function isNode(text: string): boolean {
  return /^[!-~]{1,255}$/.test(text);
}

/** Fills in the defaults and checks what the host gave; options from users are checked at the host's edge. */
export function completeOptions(options: TotalOrderOptions): TotalOrderConfig {
  const config: TotalOrderConfig = Object.freeze({
    delivery: "uniform",
    stateless: false,
    founders: 0,
    keepAliveTicks: 5,
    suspectTicks: 25,
    attemptTicks: 15,
    promiseTicks: 8,
    gatherTicks: 3,
    joinTicks: 6,
    genesisTicks: 20,
    resendTicks: 4,
    resendTicksMax: 32,
    leaveTicks: 500,
    stallTicks: 1500,
    payloadBytesMax: 2 ** 18,
    frameBytesMax: 2 ** 16,
    windowFrames: 256,
    windowBytes: 2 ** 20,
    pipeline: 2,
    resendFrames: 4,
    backlogMax: 10_000,
    backlogBytesMax: 2 ** 24,
    unconsumedMax: 10_000,
    unconsumedBytesMax: 2 ** 24,
    waitingBytesMax: 2 ** 26,
    chunkBytesMax: 2 ** 18,
    membersMax: 32,
    ...options,
  });
  checkConfig(config);
  return config;
}

function checkConfig(config: TotalOrderConfig): void {
  const { node, incarnation, seeds, founders } = config;
  invariant(isNode(node), "the node's name is well formed");
  invariant(Number.isSafeInteger(incarnation) && incarnation > 0, "an incarnation is a whole number above 0");
  checkSeeds(seeds, config);
  invariant(founders === 0 || founders > seeds.length / 2, "founders are more than half of the seeds");
  invariant(config.keepAliveTicks >= 1, "keep-alives are at least one tick apart");
  invariant(config.suspectTicks >= 4 * config.keepAliveTicks, "four keep-alives may be lost before suspicion");
  invariant(config.attemptTicks > config.promiseTicks, "an attempt outlasts the wait for promises");
  invariant(config.promiseTicks >= 1 && config.gatherTicks >= 0, "waits are not negative");
  invariant(config.joinTicks >= 1 && config.genesisTicks >= 1, "seekers speak at least one tick apart");
  invariant(config.resendTicks >= 1 && config.resendTicksMax >= config.resendTicks, "repeats wait");
  invariant(config.windowFrames >= 1 && config.pipeline >= 1 && config.resendFrames >= 1, "frames can be sent");
  invariant(config.membersMax >= 1 && config.membersMax <= 255, "a view has from 1 to 255 members");
  invariant(config.payloadBytesMax <= windowBytesOf(config, config.membersMax), "a payload fits into the window");
  invariant(config.frameBytesMax <= config.windowBytes, "a frame fits into the window");
}

/** Checks a list of seeds. */
export function checkSeeds(seeds: readonly NodeId[], { membersMax }: TotalOrderConfig): void {
  invariant(seeds.length > 0 && seeds.length <= membersMax, "there are seeds, and they fit into a view");
  invariant(seeds.every(isNode) && new Set(seeds).size === seeds.length, "seeds are names of nodes, each once");
}

/** Ticks without a word after which an applicant, or another seeker, counts as gone: it speaks every `joinTicks`. */
export function absenceTicksOf({ suspectTicks, joinTicks }: TotalOrderConfig): number {
  return Math.max(suspectTicks, 4 * joinTicks);
}

/** Bytes that a sender may have out in a view of so many: what all have out fits into one decree. */
export function windowBytesOf({ windowBytes }: TotalOrderConfig, memberCount: number): number {
  return Math.min(windowBytes, Math.floor(tailBytesMax / memberCount));
}
