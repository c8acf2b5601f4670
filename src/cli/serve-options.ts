/** One option of `serve`: its name is the flag without `--` and the key in a file; see `variableOf` for the rest. */
export interface Setting {
  readonly name: string;
  /** What a value looks like in the help; none for a switch. */
  readonly value?: string;
  readonly description: string;
}

/** The options of `serve`, in the order of the help. */
export const serveSettings: readonly Setting[] = [
  { name: "id", value: "name", description: "this node's name, one of the cluster's" },
  { name: "cluster", value: "members", description: "all first members, n1=host:port,n2=host:port,… (peer addresses)" },
  {
    name: "cluster-id",
    value: "name",
    description: "nodes of another cluster are refused (default: made of the members)",
  },
  {
    name: "protocol",
    value: "name",
    description:
      "raft, multi-paxos, or total-order: no leader, no disk, all in memory (default: what --data-dir holds, or raft)",
  },
  {
    name: "transport",
    value: "name",
    description: "how members are linked, on all alike: tcp, grpc, or udp, an experiment (default: tcp)",
  },
  { name: "new-group", description: "of total-order: the state is gone for good, begin anew; on all members" },
  {
    name: "join",
    description: "a new node of a running cluster; `quorate member add` lets it in (needs --cluster-id)",
  },
  { name: "host", value: "address", description: "where HTTP is served (default: 127.0.0.1)" },
  { name: "port", value: "number", description: "HTTP port, 0 for a free one (default: 12380)" },
  {
    name: "listen",
    value: "host:port",
    description: "where peers connect (default: this node's address in --cluster)",
  },
  { name: "data-dir", value: "path", description: "where the node keeps its data (default: ./.quorate/<id>)" },
  {
    name: "storage",
    value: "name",
    description: "wal, lmdb (needs that package), or memory: forgets all (default: what --data-dir holds, or wal)",
  },
  { name: "insecure", description: "listen on addresses that are not loopback, though nobody is asked who they are" },
  { name: "tls-cert", value: "file", description: "serve HTTPS: the certificate, PEM; read anew when it changes" },
  { name: "tls-key", value: "file", description: "its key, PEM" },
  {
    name: "tls-client-ca",
    value: "file",
    description: "clients must show a certificate that one of these signed, PEM",
  },
  {
    name: "peer-cert",
    value: "file",
    description: "encrypt the links between members: this one's certificate, naming its id, PEM",
  },
  { name: "peer-key", value: "file", description: "its key, PEM" },
  { name: "peer-ca", value: "file", description: "who signs members' certificates, PEM" },
  {
    name: "names",
    value: "list",
    description: "further names under which clients reach this node, a,b,… (default: none but --host)",
  },
  { name: "request-bytes-max", value: "bytes", description: "largest request, up to 8388608 (default: 1048576)" },
  { name: "timeout-ms", value: "ms", description: "longest wait of a request for its answer (default: 5000)" },
  { name: "tick-ms", value: "ms", description: "length of one tick (default: 20)" },
  {
    name: "election-ticks",
    value: "ticks",
    description: "ticks without a leader before an election, once to twice (default: 25)",
  },
  { name: "heartbeat-ticks", value: "ticks", description: "ticks between a leader's heartbeats (default: 5)" },
  {
    name: "snapshot-every-bytes",
    value: "bytes",
    description: "a snapshot is taken after this much of the log (default: 33554432)",
  },
  {
    name: "leases",
    description: "allow reads by lease: clocks must run alike (docs/operating.md); on all members alike",
  },
  {
    name: "protocol-version-max",
    value: "number",
    description: "newest version of the members' protocol to speak, 1 or 2 (default: 2)",
  },
  {
    name: "log-level",
    value: "level",
    description: "fatal, error, warn, info, debug, trace or silent (default: info)",
  },
  { name: "verbose", description: "print every protocol message sent and received" },
];

/** The environment variable of a setting. */
export function variableOf(name: string): string {
  return `QUORATE_${name.toUpperCase().replaceAll("-", "_")}`;
}
