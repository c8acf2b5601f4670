import { bytes, checked, type Field, flag, list, optional, struct, text, whole } from "../../../base/union-codec.ts";
import type { Vote } from "../../synod/acceptor.ts";
import type { Ballot } from "../../synod/ballot.ts";
import type { Decree, Frame, Header, Member, SenderFrames, Stamp, ViewMember } from "../messages.ts";
import { isNode } from "../options.ts";

/** Members of a view, at most. */
const membersMax = 255;

/** A node, `#`, and the digits of an incarnation. */
const groupBytesMax = 255 + 1 + 16;

const positive = checked(whole, (value) => value > 0, "a number that starts at 1 is 0");

const node = checked(text, isNode, "a name is not one of a node");
const group = checked(text, (value) => value.length <= groupBytesMax, "the name of a group is too long");

/** A run of a node. */
export const member: Field<Member> = struct<Member>({ node, incarnation: positive });

/** The number of an attempt. */
export const ballot: Field<Ballot> = struct<Ballot>({ round: positive, node });

/** Who speaks, in which view. */
export const stamp: Field<Stamp> = struct<Stamp>({ group, view: whole, incarnation: positive });

/** Numbers of frames, one for each member. */
export const vector: Field<readonly number[]> = list(whole, membersMax);

/** What a member says of itself. */
export const header: Field<Header> = struct<Header>({
  clock: whole,
  sent: whole,
  received: vector,
  leaving: flag,
  restored: flag,
});

/** A frame. */
export const frame: Field<Frame> = struct<Frame>({
  number: positive,
  timestamp: positive,
  payloads: checked(list(bytes), (payloads) => payloads.length > 0, "a frame is empty"),
});

/** Frames of several senders; of each in order, without gaps. */
export const framesBySender: Field<readonly SenderFrames[]> = checked(
  list(
    struct<SenderFrames>({
      sender: whole,
      frames: checked(list(frame), areConsecutive, "frames are not in order"),
    }),
    membersMax,
  ),
  (all) => isRising(all, ({ sender }) => sender) && all.every(({ sender }) => sender < membersMax),
  "senders are not in order",
);

function areConsecutive(frames: readonly Frame[]): boolean {
  const [first] = frames;
  return first !== undefined && frames.every(({ number }, at) => number === first.number + at);
}

const viewMember = struct<ViewMember>({ node, incarnation: positive, restored: flag });

/** How a view ends. */
export const decree: Field<Decree> = checked(
  struct<Decree>({
    group: checked(group, (name) => name !== "", "a decree is of no group"),
    base: whole,
    members: checked(
      list(viewMember, membersMax),
      (members) => isRising(members, (each) => each.node),
      "members are not in order",
    ),
    cut: vector,
    tail: framesBySender,
    clock: whole,
    position: whole,
  }),
  ({ cut, tail }) => tail.every(({ sender, frames }) => (frames.at(-1)?.number ?? 0) <= (cut[sender] ?? 0)),
  "a decree holds frames behind its cut",
);

/** A vote that was given, if one was. */
export const vote: Field<Vote<Decree> | undefined> = optional(struct<Vote<Decree>>({ ballot, value: decree }));

function isRising<Item>(items: readonly Item[], keyOf: (item: Item) => string | number): boolean {
  const keys = items.map(keyOf);
  return keys.every((key, at) => at === 0 || (keys[at - 1] as string | number) < key);
}
