import type { RaftRecord, RaftState, RaftVocabulary } from "../../protocols/raft/index.ts";
import type { Watch } from "../protocol.ts";

/** Raft's properties, checked on all members after every step. */
export class RaftWatch implements Watch<RaftVocabulary, RaftState> {
  started(_id: string, _state: Readonly<RaftState>): void {}
  persisted(_id: string, _record: RaftRecord): void {}
  stepped(_id: string, _state: Readonly<RaftState>): void {}
  wiped(_id: string): void {}
  judge(): void {}
}
