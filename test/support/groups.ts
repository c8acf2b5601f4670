import { type Group, joinGroup } from "../../src/runtime/group/group.ts";
import type { MemberOptions } from "../../src/runtime/group/options.ts";
import type { GroupView } from "../../src/runtime/group/views.ts";
import { type FaultyTransport, withFaults } from "../../src/runtime/transports/faults.ts";
import { MemoryNetwork } from "../../src/runtime/transports/memory.ts";

/** Members are voted out after 50 ms of ticks, which all members of this process count alike. */
const quick = { tickMs: 2, keepAliveMs: 10, suspectMs: 50 } as const;

/** A member in this process whose state is the list of all values. */
export interface ListMember {
  readonly group: Group<string>;
  readonly state: string[];
  /** What was delivered here, one by one, as `position sender value`. */
  readonly seen: string[];
  /** Positions at which the state was replaced. */
  readonly replacedAt: number[];
  readonly views: GroupView[];
  readonly notices: string[];
  /** Ends with the loop over the deliveries. */
  readonly done: Promise<void>;
}

/** Groups of lists, in this process, and ways to cut their links. */
export class Groups implements AsyncDisposable {
  readonly seeds: readonly string[];
  readonly #network = new MemoryNetwork();
  readonly #transports = new Map<string, FaultyTransport>();
  #members: ListMember[] = [];

  constructor(size = 3) {
    this.seeds = Array.from({ length: size }, (_, at) => `m${at + 1}:7000`);
  }

  /** A transport for an address; the former one there is to be closed before. */
  transport(address: string): FaultyTransport {
    const transport = withFaults(this.#network.transport(address));
    this.#transports.set(address, transport);
    return transport;
  }

  /** What every member is told. */
  options(address: string): MemberOptions {
    return { name: "lists", listen: address, seeds: this.seeds, transport: this.transport(address), ...quick };
  }

  async join(address: string, given: Partial<MemberOptions> = {}): Promise<ListMember> {
    const state: string[] = [];
    const replacedAt: number[] = [];
    const notices: string[] = [];
    const group = await joinGroup<string>({
      ...this.options(address),
      encoding: "json",
      state: {
        get: () => state,
        set: (values: string[], position) => {
          state.splice(0, state.length, ...values);
          replacedAt.push(position);
        },
      },
      notice: (_level, text) => notices.push(text),
      ...given,
    });
    const seen: string[] = [];
    const views: GroupView[] = [];
    const done = follow(group, state, seen);
    done.catch(() => undefined);
    void gather(group, views);
    const member = { group, state, seen, replacedAt, views, notices, done };
    this.#members.push(member);
    return member;
  }

  /** All seeds, which found the group together. */
  async joinAll(given: Partial<MemberOptions> = {}): Promise<readonly [ListMember, ListMember, ListMember]> {
    const members = await Promise.all(this.seeds.map((seed) => this.join(seed, given)));
    return members as [ListMember, ListMember, ListMember];
  }

  /** Cuts the ways between these and all others, both ways. */
  isolate(...addresses: readonly string[]): void {
    for (const [from, transport] of this.#transports) {
      const inside = addresses.includes(from);
      const others = [...this.#transports.keys()].filter((to) => addresses.includes(to) !== inside);
      transport.setFaults(others.map((peer) => ({ peer, cut: true })));
    }
  }

  heal(): void {
    for (const transport of this.#transports.values()) transport.setFaults([]);
  }

  /** As `kill -9`: the member is gone without a word. */
  async kill(address: string): Promise<void> {
    await this.#transports.get(address)?.close();
    for (const { group } of this.#members.filter((member) => member.group.address === address)) void group.leave();
    this.#members = this.#members.filter((member) => member.group.address !== address);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.heal();
    await Promise.all(this.#members.map(({ group }) => group.leave()));
  }
}

async function follow(group: Group<string>, state: string[], seen: string[]): Promise<void> {
  for await (const { position, sender, value } of group) {
    state.push(value);
    seen.push(`${position} ${sender} ${value}`);
  }
}

async function gather(group: Group<string>, views: GroupView[]): Promise<void> {
  for await (const view of group.views()) views.push(view);
}
