import { ByteReader, type Bytes, ByteWriter } from "../../../base/bytes.ts";
import { readVersion } from "../../message-frame.ts";
import type { GenesisRecord } from "../messages.ts";
import { ballot, vote } from "./fields.ts";
import { version } from "./message-codec.ts";

/** What a seed stores, as bytes. */
export function encodeGenesis({ promised, accepted }: GenesisRecord): Bytes {
  const writer = new ByteWriter().byte(version);
  ballot.write(writer, promised);
  vote.write(writer, accepted);
  return writer.finish();
}

/** The record that `bytes` are. Throws `MalformedError`, and nothing else, for what `encodeGenesis` did not make. */
export function decodeGenesis(bytes: Bytes): GenesisRecord {
  const reader = new ByteReader(bytes);
  readVersion(reader, version);
  const record = { kind: "genesis", promised: ballot.read(reader), accepted: vote.read(reader) } as const;
  reader.finish();
  return record;
}
