import type { Codec } from "../../base/bytes.ts";
import type { Core, Vocabulary } from "../../protocols/core.ts";
import type { Chance } from "./chance.ts";
import type { Claims } from "./claims.ts";

/** What a member of a user's own protocol starts from. */
export interface CoreStart<V extends Vocabulary> {
  readonly id: string;
  /** Everyone in the group, this member included. */
  readonly members: readonly string[];
  /** What is on its disk, in the order in which it was stored; nothing when it starts for the first time. */
  readonly records: readonly V["record"][];
  /** For a generator of its own; another one at each start. */
  readonly seed: number;
}

/** A member, as a claim sees it. */
export interface SeenMember<V extends Vocabulary, State> {
  readonly id: string;
  readonly isUp: boolean;
  /** As of its last step; of a member that is down, how it ended. */
  readonly state: Readonly<State>;
  /** All that it told its owner, in all its lives. */
  readonly outputs: readonly V["output"][];
}

/** All that a claim may look at. */
export interface SeenGroup<V extends Vocabulary, State> {
  readonly members: readonly SeenMember<V, State>[];
  /** All requests that a core was handed so far. */
  readonly requests: readonly V["request"][];
}

/** A protocol of one's own, and what must hold of it. */
export interface OwnCore<V extends Vocabulary, State> {
  /** Makes a member that starts, for the first time or again. */
  readonly core: (start: CoreStart<V>) => Core<V, State>;
  /** How messages travel. Default: as JSON. */
  readonly message?: Codec<V["message"]>;
  /** How records are stored. Default: as JSON. */
  readonly record?: Codec<V["record"]>;
  /** The `number`-th request, counted from 0, for some member that is up: plain data. */
  readonly workload: (chance: Chance, number: number) => V["request"];
  /** Checked after every step, by name. */
  readonly invariants: Claims<SeenGroup<V, State>>;
  /** What must become true once all faults are over, by name. Default: nothing must. */
  readonly eventually?: Claims<SeenGroup<V, State>>;
  /** Whether a member in this state leads, or believes to: faults like to strike it. Default: nobody leads. */
  readonly leads?: (state: Readonly<State>) => boolean;
}
