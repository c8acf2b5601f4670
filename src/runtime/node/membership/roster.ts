import type { NodeId } from "../../../base/ids.ts";
import { type Member, type Membership, participantsOf } from "../../../protocols/replicated-log.ts";
import { protocolVersion } from "../../options.ts";
import type { Notice } from "../../transports/notices.ts";
import type { Peer, Transport } from "../../transports/transport.ts";

/** What a roster goes by. */
export interface RosterOptions {
  readonly id: NodeId;
  /** Where members are, as whoever started this node believes. */
  readonly given: readonly Member[];
  /** The version of the protocol that this node speaks. */
  readonly speaks: number;
  /** How long a member that is gone is kept in touch with, in ms: it is told so. */
  readonly farewellMs: number;
}

/**
 * With whom this node keeps links, and what they speak.
 *
 * An address is a hint, since a handshake shows who answers there: the one in the membership is tried first, then the
 * one given at the start. Before it knows of any member, a node that joins looks for those that it was given.
 */
export class Roster {
  readonly #transport: Transport;
  readonly #options: RosterOptions;
  #members: readonly Member[] = [];
  readonly #leaving = new Map<NodeId, { readonly member: Member; readonly timer: NodeJS.Timeout }>();
  readonly #spoken = new Map<NodeId, number>();

  constructor(transport: Transport, options: RosterOptions) {
    this.#transport = transport;
    this.#options = options;
    this.#spoken.set(options.id, options.speaks);
  }

  /** Who restarts may be given other members than those who took part last. */
  compare({ members }: Membership, notice: Notice): void {
    const [stored, given] = [idsOf(members), idsOf(this.#options.given)];
    if (stored !== given) notice("warn", "the stored members count, not the given ones", { stored, given });
  }

  /** These take part from now on. */
  follow(membership: Membership): void {
    const members = participantsOf(membership);
    const listed = new Set(members.map(({ id }) => id));
    for (const member of this.#members) if (!listed.has(member.id)) this.#see(member);
    for (const id of listed) this.#greet(id);
    this.#members = members;
    this.#tell();
  }

  /** A link was made with someone who speaks this version. */
  met(peer: NodeId, speaks: number | undefined): void {
    if (speaks !== undefined) this.#spoken.set(peer, speaks);
  }

  /** Members that speak an older version than this release can, as far as is known. */
  get laggards(): readonly NodeId[] {
    return this.#members
      .map(({ id }) => id)
      .filter((id) => (this.#spoken.get(id) ?? protocolVersion) < protocolVersion);
  }

  close(): void {
    for (const { timer } of this.#leaving.values()) clearTimeout(timer);
  }

  /** Keeps a member that is gone for a while. */
  #see(member: Member): void {
    const timer = setTimeout(() => {
      this.#leaving.delete(member.id);
      this.#tell();
    }, this.#options.farewellMs);
    this.#leaving.set(member.id, { member, timer });
  }

  #greet(id: NodeId): void {
    clearTimeout(this.#leaving.get(id)?.timer);
    this.#leaving.delete(id);
  }

  #tell(): void {
    const leaving = [...this.#leaving.values()].map(({ member }) => member);
    const known = this.#members.length > 0 ? [...this.#members, ...leaving] : this.#options.given;
    this.#transport.setMembers(known.map((member) => this.#locate(member)));
  }

  #locate(member: Member): Peer {
    const given = this.#options.given.find(({ id }) => id === member.id)?.address;
    return given === undefined || given === member.address ? member : { ...member, otherAddresses: [given] };
  }
}

function idsOf(members: readonly Member[]): string {
  const ids = members.map(({ id }) => id);
  return ids.sort().join(", ");
}
