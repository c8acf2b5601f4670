import { MalformedError } from "../../base/errors.ts";
import { withSessions } from "../../machines/sessions.ts";
import { BackupFile, type BackupInfo } from "../../runtime/backups/backup-file.ts";
import { BackupError } from "../../runtime/errors.ts";
import { objects } from "../../services/objects.ts";

/** What is in a backup. */
export interface Inspected {
  readonly info: BackupInfo;
  /** How many of each there are. */
  readonly objects: Readonly<Record<"stacks" | "entries" | "keys" | "clients", number>>;
}

/** Reads all of a backup, as a restore would. Throws `BackupError` for one that a restore could not use. */
export async function inspectBackup(file: string): Promise<Inspected> {
  const backup = await BackupFile.open(file);
  try {
    const { inner, clients } = await withSessions(objects).restore(backup.state());
    const counts = { stacks: inner.stack.stacks.size, entries: inner.log.count, keys: inner.kv.size };
    return { info: backup.info, objects: { ...counts, clients: clients.size } };
  } catch (cause) {
    if (!(cause instanceof MalformedError)) throw cause;
    for await (const _ of backup.state()); // should it be damaged, this says so
    throw new BackupError(file, `its state is not one that this release can read: ${cause.message}`, { cause });
  } finally {
    await backup.close();
  }
}
