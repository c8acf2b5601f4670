import { gossipSubject, gossipWorkloads } from "../gossip/subject.ts";
import { paxosSubject } from "../multi-paxos/subject.ts";
import { raftSubject } from "../raft/subject.ts";
import type { Subject } from "../subject.ts";
import { totalOrderSubject } from "../total-order/subject.ts";
import { kvWorkload } from "../workloads/kv.ts";
import { logWorkload } from "../workloads/log.ts";
import { registerWorkload } from "../workloads/register.ts";
import { stackWorkload } from "../workloads/stack.ts";
import type { Workload } from "../workloads/workload.ts";

/** A protocol that can be simulated by name. */
export interface NamedProtocol {
  readonly name: string;
  /** What it is, in one line. */
  readonly summary: string;
  /** What clients can do; the first unless told otherwise. */
  readonly workloads: readonly string[];
  readonly subject: (workload: string) => Subject;
}

const machineWorkloads: readonly Workload[] = [kvWorkload, registerWorkload, stackWorkload, logWorkload];

/** All protocols that can be simulated by name. */
export const namedProtocols: readonly NamedProtocol[] = [
  {
    name: "raft",
    summary: "a replicated log, led by one member at a time (Ongaro & Ousterhout 2014)",
    workloads: machineWorkloads.map(({ name }) => name),
    subject: (workload) => raftSubject(machineWorkloads.find(({ name }) => name === workload) ?? kvWorkload),
  },
  {
    name: "multi-paxos",
    summary: "the same log, by views and their leaders (Kirsch & Amir 2008)",
    workloads: machineWorkloads.map(({ name }) => name),
    subject: (workload) => paxosSubject(machineWorkloads.find(({ name }) => name === workload) ?? kvWorkload),
  },
  {
    name: "total-order",
    summary: "one order without a leader, by clocks, in agreed views",
    workloads: ["multicast"],
    subject: () => totalOrderSubject,
  },
  {
    name: "gossip",
    summary: "the same set everywhere: acknowledged batches, digests after a split",
    workloads: gossipWorkloads.map(({ name }) => name),
    subject: gossipSubject,
  },
];
