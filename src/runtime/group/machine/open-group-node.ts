import type { Machine } from "../../../machines/machine.ts";
import type { MachineNode } from "../../api.ts";
import { OptionError } from "../../errors.ts";
import { ReplicatedMachine } from "../../node/machine-node.ts";
import type { NodeConfig } from "../../options.ts";
import { leaveMs, type MemberConfig } from "../options.ts";
import { GroupLog } from "./group-log.ts";

/** What a machine's node may add to a request, in bytes: who asked, and which of its requests it is. */
const envelopeBytesMax = 2048;

/** Bytes that a member may have out: more than one largest request. */
const windowBytes = 2 * 2 ** 20;

/** Messages delivered and not yet applied. */
const unconsumedMax = 10_000;

/** As many members as a configuration may name: the fewer, the larger a request can be. */
const membersMax = 9;

/** Starts a member of a machine on a group. Resolves once it listens. Throws as `openNode` does. */
export async function openGroupNode<State, Command, Answer, Question, Reply>(
  config: NodeConfig,
  machine: Machine<State, Command, Answer, Question, Reply> | undefined,
): Promise<MachineNode<Command, Answer, Question, Reply>> {
  if (machine === undefined) {
    throw new OptionError("machine", "is needed for total-order; for a state of your own, see joinGroup");
  }
  const addresses = new Map(config.members.map(({ id, address }) => [id, address]));
  const log = new GroupLog(memberConfig(config, addresses), addresses);
  try {
    // Nothing is stored, so nothing has to be compacted, and a snapshot is taken when a newcomer needs one.
    const unsaved = { ...config, snapshotEveryBytes: Number.POSITIVE_INFINITY };
    const replicated = new ReplicatedMachine(log, unsaved, machine);
    await replicated.start();
    await log.start();
    return replicated;
  } catch (error) {
    await log.close();
    throw error;
  }
}

function memberConfig(config: NodeConfig, addresses: ReadonlyMap<string, string>): MemberConfig {
  const { id, clusterId, listen, dataDir, newGroup, tickMs, timeoutMs, notice, tls, transport } = config;
  const valueBytesMax = config.requestBytesMax + envelopeBytesMax;
  const suspectTicks = Math.max(config.electionTicks, 4 * config.heartbeatTicks);
  return {
    ...{
      node: id,
      clusterId: `${clusterId}:total-order`,
      listen,
      dataDir,
      newGroup,
      tickMs,
      suspectMs: suspectTicks * tickMs,
      timeoutMs,
      notice,
      tls,
      transport: typeof transport === "string" ? undefined : transport,
    },
    seeds: { kind: "list", nodes: [...addresses.keys()], founders: 0 },
    addressOf: (node) => addresses.get(node),
    valueBytesMax,
    core: {
      ...{ payloadBytesMax: valueBytesMax, windowBytes, membersMax, unconsumedMax },
      keepAliveTicks: config.heartbeatTicks,
      suspectTicks,
      leaveTicks: Math.ceil(leaveMs / tickMs),
    },
    signal: undefined,
    resolve: undefined,
  };
}
