export type { Bytes, Codec } from "../base/bytes.ts";
export type { NodeId } from "../base/ids.ts";
export { defineMachine, type Machine, type MachineDefinition } from "../machines/machine.ts";
export type { Member } from "../protocols/replicated-log.ts";
export type {
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
export { type Restored, type RestoreOptions, restoreBackup } from "./backups/restore.ts";
export * from "./errors.ts";
export { openNode } from "./open-node.ts";
export type { NodeOptions } from "./options.ts";
export type { Notice } from "./transports/notices.ts";
export type { LinkStats, Transport, TransportOwner } from "./transports/transport.ts";
