import * as v from "@badrap/valita";
import { isNodeId, type NodeId } from "../../base/ids.ts";
import type { Member, Membership } from "../../protocols/replicated-log.ts";
import type { NodeBase, WaitOptions } from "../../runtime/api.ts";
import type { MembershipChange } from "../../runtime/node/membership/membership-change.ts";
import { document } from "../http/answers.ts";
import { type App, clientGone, decodePart, type Exchange } from "../http/exchange.ts";
import type { Intake } from "../http/intake.ts";

const nodeId = v
  .string()
  .assert(isNodeId, "must be letters, digits, `_`, `.` or `-`, starting with a letter or digit, at most 64");
const hostAndPort = v
  .string()
  .assert((text) => /^(\[[0-9A-Fa-f:.%]+\]|[^\s:[\]]{1,253}):\d{1,5}$/.test(text), "must be host:port");
const added = v.object({ id: nodeId, address: hostAndPort });
const place = v.object({ address: hostAndPort });
const successor = v.object({ id: nodeId.optional() });

/** Who takes part, and who leads: `/members` and `/leader`. Changes are for the leader; others say who that is. */
export function memberRoutes(app: App, node: NodeBase, intake: Intake): void {
  const change = async (exchange: Exchange, wanted: MembershipChange): Promise<Response> =>
    document(membersDocument(await node.changeMembership(wanted, waitOptions(exchange)), node.status().leader));

  app.get("/members", () => document(membersDocument(node.status(), node.status().leader)));

  app.post("/members", async (exchange) => change(exchange, { kind: "add", ...(await intake.json(exchange, added)) }));

  app.put("/members/:id", async (exchange) => {
    const { address } = await intake.json(exchange, place);
    return await change(exchange, { kind: "update", id: idOf(exchange), address });
  });

  app.delete("/members/:id", (exchange) => change(exchange, { kind: "remove", id: idOf(exchange) }));

  app.post("/members/:id/promote", (exchange) => change(exchange, { kind: "promote", id: idOf(exchange) }));

  app.post("/leader", async (exchange) => {
    const { id } = await intake.json(exchange, successor);
    await node.transferLeadership(id, waitOptions(exchange));
    return document({ leader: node.status().leader ?? null });
  });
}

function membersDocument({ members, outgoing, learners }: Membership, leader: NodeId | undefined): object {
  const present = new Set([...members, ...learners].map(({ id }) => id));
  const row = (role: string) => (member: Member) => ({ id: member.id, address: member.address, role });
  return {
    leader: leader ?? null,
    members: [
      ...members.map(row("voter")),
      ...learners.map(row("learner")),
      ...outgoing.filter(({ id }) => !present.has(id)).map(row("leaving")),
    ],
  };
}

function waitOptions(exchange: Exchange): WaitOptions {
  return { signal: clientGone(exchange.env.incoming.socket) };
}

/** The member that the path names; the core refuses what is no id. */
function idOf(exchange: Exchange): NodeId {
  return decodePart(exchange.req.path.split("/")[2] ?? "");
}
