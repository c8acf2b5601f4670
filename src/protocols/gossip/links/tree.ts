import type { NodeId } from "../../../base/ids.ts";
import { hashOf } from "../known/holdings.ts";
import type { LinkReport } from "../messages.ts";
import { ask, fill } from "../sending.ts";
import type { GossipState, Peer } from "../state.ts";
import { graphOf, type Topology, type Tree, treeAround } from "./topology.ts";

/** From now on, these are the links (at the start, and when the owner says so). */
export function arrange(state: GossipState, topology: Topology): void {
  state.topology = topology;
  state.graph = graphOf(topology.kind === "own" ? topology.over : topology, state.config.members);
  rebuild(state);
  for (const peer of state.peers.values()) if (peer.role !== "spare") fill(state, peer); // others may carry it now
}

/**
 * Works out the tree from the links that are known to work, and gives each peer its role in it (G8).
 *
 * A link counts until one of its ends reports it: so all who know the same reports have the same tree, and none has a
 * loop in it. Own links are reported once others would make another tree without it: the rest is nobody's business.
 */
export function rebuild(state: GossipState): void {
  state.isTreeStale = false;
  const { config, topology } = state;
  if (topology.kind === "own") reportOwn(state);
  const lost = topology.kind === "own" ? [...lostNeighbours(state), ...(state.reports.get(config.id)?.down ?? [])] : [];
  const tree = treeWithout(state, lost);
  const hash = treeHashOf(tree);
  state.isWhole = tree.size === config.members.length;
  if (hash !== state.treeHash) for (const peer of state.peers.values()) peer.covers.clear(); // other sides
  state.treeHash = hash;
  for (const peer of state.peers.values()) changeRole(state, peer, roleOf(state, peer.id, tree));
  for (const peer of state.peers.values()) if (peer.role !== "spare" && isUntold(state, peer)) peer.owesReports = true;
}

/**
 * The tree without the links to `lost`, and without those that others report.
 *
 * Of links to `changed` others' reports are old: both ends lost them, and each waits for the other to take that back.
 */
function treeWithout(state: GossipState, lost: readonly NodeId[], changed: readonly NodeId[] = []): Tree {
  const { config, topology, graph, reports } = state;
  const isLost = (by: NodeId, of: NodeId) =>
    by === config.id
      ? lost.includes(of)
      : reports.get(by)?.down.includes(of) === true && !(of === config.id && changed.includes(by));
  const works = (one: NodeId, other: NodeId) => !isLost(one, other) && !isLost(other, one);
  return treeAround(config.id, graph, topology.kind === "own" ? works : () => true);
}

function lostNeighbours({ config, graph, peers }: GossipState): NodeId[] {
  return (graph.get(config.id) ?? []).filter((neighbour) => peers.get(neighbour)?.isDown === true);
}

/** Reports the links of this member, if that makes another tree than the last report of them. */
function reportOwn(state: GossipState): void {
  const { config, reports } = state;
  const before = reports.get(config.id);
  const [down, reported] = [lostNeighbours(state), before?.down ?? []];
  const isOfThisLife = before === undefined || before.incarnation === config.incarnation;
  if (isOfThisLife && down.join() === reported.join()) return;
  const changed = [...down, ...reported].filter((lost) => down.includes(lost) !== reported.includes(lost));
  const hashes = [down, reported].map((lost) => treeHashOf(treeWithout(state, lost, changed)));
  if (!isOfThisLife || hashes[0] !== hashes[1]) report(state, down);
}

function treeHashOf(tree: Tree): number {
  return hashOf(new Map([...tree].map(([id, above]) => [`${id}<${above ?? ""}`, []])));
}

function roleOf({ config, graph, topology }: GossipState, peer: NodeId, tree: Tree): Peer["role"] {
  if (tree.get(config.id) === peer) return "above";
  if (tree.get(peer) === config.id) return "below";
  return topology.kind !== "own" && graph.get(config.id)?.includes(peer) ? "beside" : "spare";
}

/** A link that is used from now on owes the peer all it may lack, and asks first what that is. */
function changeRole(state: GossipState, peer: Peer, role: Peer["role"]): void {
  const [wasSpare, isSpare] = [peer.role === "spare", role === "spare"];
  peer.role = role;
  if (wasSpare === isSpare) return;
  peer.flights = [];
  peer.out = new Map();
  if (isSpare) return;
  fill(state, peer);
  if (state.known.size > 0) ask(state, peer);
}

/** Who can be reached is told when somebody is lost whom nobody has reported yet. */
function report(state: GossipState, down: readonly NodeId[]): void {
  const { id, incarnation } = state.config;
  const before = state.reports.get(id);
  const version = before?.incarnation === incarnation ? before.version + 1 : 1;
  const isKnown = (lost: NodeId) => [...state.reports.values()].some((each) => each.down.includes(lost));
  const isNews = down.some((lost) => !isKnown(lost));
  state.reports.set(id, { node: id, incarnation, version, down });
  rehash(state);
  for (const peer of state.peers.values()) if (peer.role !== "spare" || isNews) peer.owesReports = true;
}

function isUntold({ reportsHash }: GossipState, { reportsTold }: Peer): boolean {
  return reportsTold !== reportsHash;
}

/** Link reports that a peer knows. */
export function receiveReports(state: GossipState, reports: readonly LinkReport[]): void {
  for (const report of reports) {
    const known = state.reports.get(report.node);
    if (!state.config.members.includes(report.node) || (known !== undefined && !isLater(report, known))) continue;
    state.reports.set(report.node, report);
    state.isTreeStale = true;
    for (const lost of report.down) if (known?.down.includes(lost) !== true) doubt(state, lost);
  }
  if (state.isTreeStale) rehash(state);
}

function isLater(one: LinkReport, other: LinkReport): boolean {
  if (one.incarnation !== other.incarnation) return one.incarnation > other.incarnation;
  return one.version > other.version;
}

/** Somebody lost it: a neighbour that nothing is waited for from is asked, so that all who lost it know it soon. */
function doubt(state: GossipState, id: NodeId): void {
  const peer = state.peers.get(id);
  const isNeighbour = state.graph.get(state.config.id)?.includes(id) === true;
  if (peer !== undefined && isNeighbour && peer.flights.length === 0) ask(state, peer);
}

function rehash(state: GossipState): void {
  const versions = [...state.reports.values()].map(
    ({ node, incarnation, version }) => [node, [[incarnation, version]]] as const,
  );
  state.reportsHash = hashOf(new Map(versions));
}
