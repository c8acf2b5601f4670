import type { Codec } from "../../base/bytes.ts";
import type { NodeId } from "../../base/ids.ts";
import type { Core, Vocabulary } from "../../protocols/core.ts";
import type { LogOutput, LogRequest, Member, Membership, SnapshotName } from "../../protocols/replicated-log.ts";
import type { PeerStatus, Role } from "../api.ts";
import type { NodeConfig } from "../options.ts";
import type { PartialSnapshot } from "../snapshots/snapshots.ts";
import type { Folding, RecordForm, StoredRecord } from "./record-store.ts";

/** The words of any replicated log. */
export interface LogVocabulary extends Vocabulary {
  readonly message: { readonly kind: string };
  readonly request: LogRequest;
  readonly record: StoredRecord;
  readonly output: LogOutput;
}

/** What any member remembers across a restart, besides what is its protocol's own. */
export interface Remembered {
  /** The newest snapshot that its log knows. */
  readonly snapshot: SnapshotName | undefined;
}

/** With what a core starts, besides its protocol's own options. */
export interface CoreStart<Memory extends Remembered> {
  readonly payloadBytesMax: number;
  readonly tailBytesMax: number;
  readonly memory: Memory;
  readonly incoming: PartialSnapshot | undefined;
}

/** A member as it stands, in words that all replicated logs share. */
export interface Standing {
  readonly role: Role;
  /** Raft's term, or the view. */
  readonly term: number;
  readonly leader: NodeId | undefined;
  readonly membership: Membership;
  /** Whether it takes part, or once did, as far as its log says. */
  readonly tookPart: boolean;
  readonly commit: number;
  readonly snapshot: SnapshotName | undefined;
}

/** What a status says besides: it may take longer to find out. */
export interface Figures {
  /** The last index in the log, and the last that is durable with all before it. */
  readonly last: number;
  readonly durable: number;
  /** What a leader knows of a member. */
  progressOf(id: NodeId): Pick<PeerStatus, "mode" | "match" | "next" | "bytesInFlight"> | undefined;
}

/** One member's core, and how to read its state. */
export interface LogMember {
  readonly core: Core<LogVocabulary, unknown>;
  standing(): Standing;
  figures(): Figures;
}

/** How messages become frames: small and fast, or such that others can read them, if there is a schema. */
export interface MessageCodecs<Message> {
  readonly native: Codec<Message>;
  readonly protobuf?: Codec<Message>;
}

/**
 * What a node must know of a protocol that keeps a replicated log; all else is in the words of `replicated-log.ts`.
 *
 * Methods, not functions in fields: so a protocol's own words may stand where any protocol's are expected.
 */
export interface LogProtocol<
  Words extends LogVocabulary = LogVocabulary,
  Logged extends StoredRecord = StoredRecord,
  Memory extends Remembered = Remembered,
> {
  readonly codecs: MessageCodecs<Words["message"]>;
  readonly form: RecordForm<Logged>;
  /** `members` found a new group, or are none for who joins one; stored ones win. */
  recovery(members: readonly Member[], tailBytesMax: number): Folding<Logged, Memory>;
  /** A new member's first record. */
  firstRecord(members: readonly Member[]): Logged;
  start(config: NodeConfig, start: CoreStart<Memory>): LogMember;
  /** What a member of a new group stores whose order begins with this snapshot. */
  restored(snapshot: SnapshotName, members: readonly Member[]): readonly Logged[];
  /**
   * The last index of the log through which nothing is missing, and who took part as of the end; the member itself may
   * have none. `term`: in which it stands there, where the entry itself does not say so.
   */
  survivor(memory: Memory): { readonly last: number; readonly term?: number; readonly membership: Membership };
  /**
   * What a member stores to go on alone: all that its log holds is agreed on from now on, and a change of members by
   * which nobody else takes part, which stands in the order like any other.
   */
  alone(memory: Memory, survivor: Member): readonly Logged[];
}
