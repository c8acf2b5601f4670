import { newRandom } from "../../base/random.ts";
import { formatJson } from "../network/json.ts";
import type { Network } from "../network/network.ts";
import { LastWriteWinsStore } from "./last-write-wins.ts";
import { LinearizableStore, TimestampOracle } from "./linearizable.ts";
import { SequentialStore } from "./sequential.ts";
import type { Service } from "./service.ts";

/** The services of every test by name, as in Maelstrom. */
export function newServices(seed: number): ReadonlyMap<string, Service> {
  return new Map<string, Service>([
    ["lin-kv", new LinearizableStore()],
    ["seq-kv", new SequentialStore(newRandom(seed + 1))],
    ["lww-kv", new LastWriteWinsStore(newRandom(seed + 2))],
    ["lin-tso", new TimestampOracle()],
  ]);
}

/** Puts services on a network: each answers at once what it is asked, but not another one, for that would never end. */
export function joinServices(network: Network, services: ReadonlyMap<string, Service>): void {
  for (const [id, service] of services) {
    network.join(id, ({ src, body }) => {
      if (services.has(src)) return true;
      const reply = { src: id, dest: src, body: { ...service.answer(src, body), in_reply_to: body.msg_id } };
      network.send(reply, formatJson(reply));
      return true;
    });
  }
}
