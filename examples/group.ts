// Three members without a leader: each adds to a list, all have the same one, and a newcomer gets it whole.
// Run: npx tsx examples/group.ts
import { type Group, joinGroup } from "quorate";

const seeds = ["127.0.0.1:7121", "127.0.0.1:7122", "127.0.0.1:7123"];

interface Member {
  readonly group: Group<string>;
  readonly list: readonly string[];
  /** Ends when the group is left. */
  readonly done: Promise<void>;
}

async function join(listen: string): Promise<Member> {
  const list: string[] = [];
  const group = await joinGroup<string>({
    name: "list",
    listen,
    seeds,
    encoding: "json",
    state: {
      get: () => list,
      set: (values: string[]) => {
        list.splice(0, list.length, ...values);
      },
    },
  });
  const take = async () => {
    for await (const { value } of group) list.push(value);
  };
  return { group, list, done: take() };
}

// Two of three seeds found the group; the third may come when it likes.
const [one, two] = await Promise.all([join("127.0.0.1:7121"), join("127.0.0.1:7122")]);
const positions = await Promise.all([one.group.multicast("tea"), two.group.multicast("milk")]);
console.log(`delivered at ${positions.toSorted().join(" and ")}`);

const three = await join("127.0.0.1:7123");
console.log(`the newcomer has ${three.list.length} of 2, in a view of ${three.group.view.members.length}`);
const last = await three.group.multicast("sugar");
console.log(`delivered at ${last}`);

// A member that leaves has delivered all that it multicast, and its loop ends.
for (const { group, done } of [three, two, one]) {
  await group.leave();
  await done;
}
console.log(`the same everywhere: ${one.list.join() === two.list.join() && two.list.join() === three.list.join()}`);
