import type { MemberTls } from "../../runtime/tls/credentials.ts";
import type { OrderingPlace } from "../../services/ordering/ordering-client.ts";
import { CommandFailure, exitCode } from "../exit.ts";
import { parseWhole } from "../quantities.ts";
import { readHostfile } from "./hostfile.ts";

/** Options of both ends, as they were given. */
export interface PaxosWords {
  readonly hostfile: string;
  readonly port: string;
  readonly peerCert?: string;
  readonly peerKey?: string;
  readonly peerCa?: string;
}

/** Of a server besides. */
export interface ServerWords extends PaxosWords {
  readonly id?: string;
  readonly dataDir?: string;
  readonly listen?: string;
  readonly verbose?: boolean;
}

/** Of a client besides. */
export interface ClientWords extends PaxosWords {
  readonly timeout: string;
}

/** The servers, and how to know them. Throws `CommandFailure`. */
export function readGroup(words: PaxosWords): {
  readonly places: readonly OrderingPlace[];
  readonly tls: MemberTls | undefined;
} {
  const port = parseWhole(words.port, "-p", 1, 65_535) as number;
  return { places: readHostfile(words.hostfile, port), tls: readTls(words) };
}

function readTls({ peerCert: cert, peerKey: key, peerCa: ca }: PaxosWords): MemberTls | undefined {
  if (cert !== undefined && key !== undefined && ca !== undefined) return { cert, key, ca };
  if (cert === undefined && key === undefined && ca === undefined) return undefined;
  throw new CommandFailure(exitCode.usage, "give --peer-cert, --peer-key and --peer-ca together, or none of them");
}
