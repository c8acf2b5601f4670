import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { ByteReader, type Bytes, ByteWriter } from "../../../base/bytes.ts";
import type { NodeId } from "../../../base/ids.ts";
import { decodeGenesis, encodeGenesis, type GenesisRecord } from "../../../protocols/total-order/index.ts";
import { openDirectory } from "../../directory.ts";
import { CorruptionError, WrongDirectoryError } from "../../errors.ts";
import { errorCode, replaceFile, storageError } from "../../files.ts";

/** What a seed promised while its group was founded: the only thing that a member of a group ever stores. */
export interface Founding {
  /** The newest record, of this process or, with a data directory, an earlier one. */
  readonly record: GenesisRecord | undefined;
  /** Durable once resolved, if there is a directory. */
  store(record: GenesisRecord): Promise<void>;
  close(): Promise<void>;
}

/** A record that is forgotten with the process: a seed that restarts may then found a second group. */
export function volatileFounding(): Founding {
  let newest: GenesisRecord | undefined;
  return {
    get record() {
      return newest;
    },
    store: async (record) => {
      newest = record;
    },
    close: async () => {},
  };
}

/**
 * The record in a data directory, which this process holds until closed. `isNewGroup`: what is stored does not count.
 *
 * Throws `DirectoryLockedError`, `WrongDirectoryError`, `CorruptionError` and `DiskFullError`.
 */
export async function storedFounding(
  path: string,
  identity: { readonly nodeId: NodeId; readonly clusterId: string },
  isNewGroup: boolean,
): Promise<Founding> {
  const directory = await openDirectory(path, identity);
  const file = join(path, "founding");
  try {
    if (directory.clusterId !== identity.clusterId) {
      throw new WrongDirectoryError(path, `belongs to ${directory.clusterId}, not to ${identity.clusterId}`);
    }
    let newest = isNewGroup ? undefined : await read(file);
    return {
      get record() {
        return newest;
      },
      store: async (record) => {
        newest = record;
        await replaceFile(file, sealed(encodeGenesis(record))).catch((error: unknown) => {
          throw storageError(error, path);
        });
      },
      close: () => directory.close(),
    };
  } catch (error) {
    await directory.close();
    throw error;
  }
}

function sealed(bytes: Bytes): Bytes {
  return new ByteWriter(bytes.length + 16).varint(crc32(bytes)).bytes(bytes).finish();
}

async function read(file: string): Promise<GenesisRecord | undefined> {
  let content: Bytes;
  try {
    content = await readFile(file);
  } catch (error) {
    if (errorCode(error) === "ENOENT") return undefined;
    throw storageError(error, file);
  }
  try {
    const reader = new ByteReader(content);
    const checksum = reader.varint();
    const bytes = reader.bytes();
    reader.finish();
    if (crc32(bytes) !== checksum) throw new CorruptionError(file, 0, "its checksum is wrong");
    return decodeGenesis(bytes);
  } catch (error) {
    if (error instanceof CorruptionError) throw error;
    throw new CorruptionError(file, 0, "it is cut short, or not what was written", { cause: error });
  }
}
