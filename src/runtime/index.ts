export type { Bytes, Codec } from "../base/bytes.ts";
export type { NodeId } from "../base/ids.ts";
export { defineMachine, type Machine, type MachineDefinition } from "../machines/machine.ts";
export type { Member, Membership } from "../protocols/replicated-log.ts";
export type {
  BarrierOptions,
  Consistency,
  Delivery,
  ExecuteOptions,
  LogNode,
  MachineNode,
  NodeEvent,
  NodeStatus,
  PeerStatus,
  ReadOptions,
  Role,
  WaitOptions,
} from "./api.ts";
export { type Backup, type BackupInfo, verifyBackup } from "./backups/backup-file.ts";
export {
  inspectSurvivor,
  type Recovered,
  type RecoverOptions,
  recoverAlone,
  type Survivor,
} from "./backups/recover.ts";
export { type Restored, type RestoreOptions, restoreBackup } from "./backups/restore.ts";
export type { StorageKind } from "./directory.ts";
export * from "./errors.ts";
export type { Encoding } from "./group/encodings.ts";
export * from "./group/errors.ts";
export {
  type Group,
  type GroupDelivery,
  type GroupOptions,
  type GroupState,
  joinGroup,
} from "./group/group.ts";
export type { MemberOptions } from "./group/options.ts";
export type { GroupView } from "./group/views.ts";
export type { MembershipChange } from "./node/membership/membership-change.ts";
export { openNode } from "./open-node.ts";
export type { NodeOptions } from "./options.ts";
export { type Converted, type ConvertOptions, convertStorage } from "./storages/convert.ts";
export * from "./storages/errors.ts";
export {
  inspectStorage,
  type StoredHead,
  type StoredReader,
  type StoredTotals,
  verifyStorage,
} from "./storages/inspect.ts";
export type { StoredItem } from "./storages/items.ts";
export type { Notice } from "./transports/notices.ts";
export type { LinkStats, Peer, Transport, TransportOwner } from "./transports/transport.ts";
