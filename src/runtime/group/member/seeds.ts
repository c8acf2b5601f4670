import type { NodeId } from "../../../base/ids.ts";
import { type Address, formatAddress, type Resolve, Resolver, resolveBySystem } from "../../transports/addresses.ts";
import type { Notice } from "../../transports/notices.ts";
import { realTimers } from "../../transports/timers.ts";

/** Between two looks at a name, in ms. */
const lookMs = 1000;

/**
 * Where to look for a group: a list, or a host name with a port, at each of whose addresses a member may be.
 *
 * `founders`: so many must found a group together, for a list that may differ from node to node; 0 for a fixed one.
 */
export type SeedSource =
  | { readonly kind: "list"; readonly nodes: readonly NodeId[]; readonly founders: number }
  | { readonly kind: "name"; readonly address: Address; readonly founders: number };

/** The seeds as they are at present; a name is looked up again and again. */
export class Seeds {
  readonly #source: SeedSource;
  readonly #own: NodeId;
  readonly #resolver: Resolver;
  readonly #notice: Notice;
  #nodes: readonly NodeId[];
  #timer: NodeJS.Timeout | undefined;
  #isStopped = false;
  /** What was complained of last: said once, until it changes. */
  #complaint = "";

  constructor(source: SeedSource, own: NodeId, notice: Notice, resolve: Resolve = resolveBySystem) {
    this.#source = source;
    this.#own = own;
    this.#notice = notice;
    this.#resolver = new Resolver(resolve, lookMs / 2, realTimers);
    this.#nodes = source.kind === "list" ? source.nodes : [own];
  }

  /** Never empty: this node itself is one, if no others are known. */
  get nodes(): readonly NodeId[] {
    return this.#nodes;
  }

  /** Looks up a name now, resolving when that is done, and from then on, telling each change. */
  async start(changed: (nodes: readonly NodeId[]) => void): Promise<void> {
    if (this.#source.kind === "list") return this.#checkOwn(this.#nodes, "the list of seeds");
    const { address } = this.#source;
    await this.#look(address, changed);
    if (this.#isStopped) return;
    this.#timer = setInterval(() => void this.#look(address, changed), lookMs);
    this.#timer.unref();
  }

  stop(): void {
    this.#isStopped = true;
    clearInterval(this.#timer);
  }

  async #look({ host, port }: Address, changed: (nodes: readonly NodeId[]) => void): Promise<void> {
    try {
      const found = await this.#resolver.find(host);
      const nodes = found.map((ip) => formatAddress({ host: ip, port }));
      this.#take([...new Set(nodes)].sort(), host, changed);
    } catch (error) {
      const problem = (error as NodeJS.ErrnoException).code ?? (error as Error).message;
      this.#complain(`${host} cannot be looked up: ${problem}`);
    }
  }

  /** More than the founders are a majority of could found two groups: those beyond are left out, on all nodes alike. */
  #take(found: readonly NodeId[], host: string, changed: (nodes: readonly NodeId[]) => void): void {
    const most = 2 * this.#source.founders - 1;
    if (found.length > most) {
      this.#complain(`${host} has ${found.length} addresses, and ${this.#source.founders} founders allow ${most}`);
    } else this.#checkOwn(found, host);
    const nodes = found.slice(0, most);
    if (nodes.join() === this.#nodes.join()) return;
    this.#nodes = nodes;
    changed(nodes);
  }

  /** Most often an address written in two ways, which name two members. */
  #checkOwn(nodes: readonly NodeId[], where: string): void {
    if (nodes.includes(this.#own)) this.#complaint = "";
    else this.#complain(`${where} does not lead to ${this.#own}, so this node founds no group, but can join one`);
  }

  #complain(complaint: string): void {
    if (complaint !== this.#complaint) this.#notice("warn", `seeds: ${complaint}`, { own: this.#own });
    this.#complaint = complaint;
  }
}
