// Stands in for a node in tests of the supervisor: same arguments, same channel, same /status, and no protocol.
// It "leads" while no node with a lower name listens; `/crash?code=N` ends it, `/remove` as a member taken out.

import { mkdirSync } from "node:fs";
import { createServer } from "node:http";
import { connect, createServer as listen } from "node:net";
import { parseArgs } from "node:util";

const text = { type: "string" };
const { values } = parseArgs({
  args: process.argv.slice(3),
  strict: false, // what a real node is told besides is of no matter here
  options: {
    supervised: { type: "boolean" },
    id: text,
    cluster: text,
    "cluster-id": text,
    port: text,
    "data-dir": text,
  },
});
const members = values.cluster.split(",").map((member) => {
  const [id, address] = member.split("=");
  return { id, port: Number(address.split(":")[1]) };
});
const peers = members.filter(({ id }) => id !== values.id);
const state = { id: values.id, role: "follower", term: 0, leader: null, commit: 7, applied: 7, peers: [], faults: [] };

mkdirSync(values["data-dir"], { recursive: true });
process.on("disconnect", () => process.exit(0));
process.on("SIGTERM", () => process.exit(0));
process.on("message", ({ rules }) => {
  state.faults = rules;
});

const reaches = (port) =>
  new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => resolve(socket.destroy() !== undefined));
    socket.setTimeout(100, () => resolve(socket.destroy() === undefined));
    socket.on("error", () => resolve(false));
  });

async function look() {
  const up = await Promise.all(peers.map(({ port }) => reaches(port)));
  state.peers = peers.map(({ id }, place) => ({ id, linkUp: up[place] }));
  const alive = [values.id, ...peers.filter((_, place) => up[place]).map(({ id }) => id)].sort();
  const leader = alive.length * 2 > members.length ? alive[0] : null;
  if (leader !== state.leader) {
    const say = (event) => process.send({ kind: "event", event });
    if (state.leader !== null) say({ kind: "leader", term: state.term }); // missed, before another is found
    state.leader = leader;
    state.term = Math.floor(performance.timeOrigin + performance.now());
    state.role = leader === values.id ? "leader" : "follower";
    say({ kind: "role", role: state.role, term: state.term });
    say({ kind: "leader", term: state.term, ...(leader === null ? {} : { leader }) });
    if (state.role === "leader") say({ kind: "commit", index: ++state.commit });
  }
  setTimeout(look, 30);
}

listen((socket) => socket.on("error", () => undefined).end()).listen(
  members.find(({ id }) => id === values.id).port,
  "127.0.0.1",
);
createServer((request, response) => {
  const { pathname, searchParams } = new URL(request.url, "http://127.0.0.1");
  if (pathname === "/remove") return process.send({ kind: "removed" }, () => process.exit(0));
  if (pathname === "/crash") process.exit(Number(searchParams.get("code")));
  response.end(JSON.stringify(pathname === "/health" ? { reason: "no leader is known" } : state));
}).listen(Number(values.port), "127.0.0.1", () => {
  console.error(JSON.stringify({ level: 30, time: 0, msg: `${values.id} serves` }));
  process.send({ kind: "ready", url: `http://127.0.0.1:${values.port}` });
  setTimeout(look, 200); // the others start at the same time
});
