import { RaftScenario } from "../../src/simulator/raft/scenario.ts";
import { messageWords, outputWords } from "../../src/simulator/raft/words.ts";
import type { Command, Handler } from "./datadriven.ts";

/** A world without chance: every message takes 1 ms, every write 1 ms. */
const evenWorld = { delayMs: [1, 1], diskMs: [1, 1], hintMs: [1, 2] } as const;

/** How long a command lets the cluster run by default, in ms. */
const defaultMs = 10;

/** Tells of one cluster: each command's answer is the conversation that it brought about. */
export function raftStory(): Handler {
  let cluster: RaftScenario | undefined;
  let lines: string[] = [];
  return (command) => {
    lines = [];
    if (command.command === "cluster") cluster = newCluster(command);
    if (cluster === undefined) throw new Error("a story begins with cluster");
    const areHeartbeatsShown = command.args.has("heartbeats");
    cluster.onSend = (from, to, message) => {
      const isHidden = message.kind.startsWith("heartbeat") && !areHeartbeatsShown;
      if (!isHidden) lines.push(`${from} → ${to} ${messageWords(message)}`);
    };
    cluster.onOutput = (id, output) => lines.push(`${id}: ${outputWords(output)}`);
    const answer = act(cluster, command);
    cluster.run(Number(command.args.get("ms") ?? defaultMs));
    return answer ?? (command.args.has("quiet") ? "" : lines.join("\n"));
  };
}

/** `members=3 leader=a`, options of Raft by name, and `logs="a:1,1,2 b:1"` with `term=2` for a past. */
function newCluster({ args }: Command): RaftScenario {
  const options: Record<string, number> = {};
  for (const [name, value] of args) if (/(?:Max|Count|Ticks)$/.test(name)) options[name] = Number(value);
  const logs = new Map<string, number[]>();
  for (const part of (args.get("logs") ?? "").split(" ").filter(Boolean)) {
    const [id = "", terms = ""] = part.split(":");
    logs.set(id, terms.split(",").filter(Boolean).map(Number));
  }
  const past = logs.size === 0 ? {} : { past: { term: Number(args.get("term")), logs } };
  return new RaftScenario({ members: Number(args.get("members")), seed: 8, world: evenWorld, options, ...past });
}

/** Carries out a command; what it returns is the answer, in the place of the conversation. */
function act(cluster: RaftScenario, { command, args }: Command): string | undefined {
  const node = args.get("node") ?? "";
  const nodes = node.split(",");
  switch (command) {
    case "cluster":
      return args.has("leader") ? settle(cluster, args.get("leader") ?? "") : "";
    case "run":
      return undefined;
    case "elect":
      return void cluster.elect(node);
    case "propose":
      return void cluster.propose(node, args.get("text") ?? "");
    case "read":
      return void cluster.barrier(node);
    case "cut":
      return void cluster.cut(args.get("from") ?? "", args.get("to") ?? "");
    case "split":
      return void cluster.split(...nodes);
    case "heal":
      return void cluster.heal();
    case "crash":
      for (const id of nodes) cluster.crash(id, args.has("hint"));
      return undefined;
    case "start":
      for (const id of nodes) cluster.start(id);
      return undefined;
    case "unlink":
      return void cluster.tellLink(node, args.get("peer") ?? "", false);
    case "snapshot":
      return void cluster.snapshot(node);
    case "logs":
      return cluster.logs();
    default:
      throw new Error(`unknown command ${command}`);
  }
}

/** The story begins after this election. */
function settle(cluster: RaftScenario, leader: string): string {
  cluster.elect(leader);
  cluster.run(150);
  const { role, term } = cluster.state(leader);
  return `${leader} is ${role} of term ${term}`;
}
