import type { Bounds } from "../../../simulator/index.ts";
import type { Reader } from "../reader.ts";
import type { ProtocolOption } from "./protocol.ts";

/** What a network may do, for every protocol. */
export const networkOptions = (order: string, losses: string, duplicates: string): readonly ProtocolOption[] => [
  { flags: "--losses <count>", words: "messages lost (with --order any: as many as can be)", usual: losses },
  { flags: "--duplicates <count>", words: "messages delivered twice", usual: duplicates },
  { flags: "--order <order>", words: "any, or sent: each link delivers in order", usual: order },
];

/** The disks of protocols that have some. */
export const diskOption = (usual?: string): ProtocolOption => ({
  flags: "--disk <speed>",
  words: "late: writes end at any later time; fast: before anything else happens",
  ...(usual !== undefined && { usual }),
});

/** What a network may do, as the options say. */
export function readNetwork(reader: Reader): Pick<Bounds, "losses" | "duplicates" | "order"> {
  return {
    losses: reader.count("losses", 0, 15),
    duplicates: reader.count("duplicates", 0, 15),
    order: reader.oneOf("order", ["any", "sent"]),
  };
}
