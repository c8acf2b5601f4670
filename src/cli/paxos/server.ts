import { once } from "node:events";
import { join } from "node:path";
import { formatAddress } from "../../runtime/transports/addresses.ts";
import { withoutBytes } from "../../services/http/events.ts";
import { isLoopback } from "../../services/http/guard.ts";
import { type OrderingNode, openOrderingServer } from "../../services/ordering/ordering-server.ts";
import { CommandFailure, type ExitCode, exitCode, stopSignal } from "../exit.ts";
import { parseWhole } from "../quantities.ts";
import { splitAddress } from "../settings.ts";
import { note } from "../terminal.ts";
import { findOwn } from "./hostfile.ts";
import { readGroup, type ServerWords } from "./words.ts";

/** Longest message that is printed, in characters. */
const messageLengthMax = 2000;

/** Runs one server until a signal, or its own failure; resolves with the exit code. */
export async function runServer(words: ServerWords): Promise<ExitCode> {
  const { places, tls } = readGroup(words);
  const asked = parseWhole(words.id, "-i", 0, Number.MAX_SAFE_INTEGER);
  const own = await findOwn(places, asked, words.hostfile);
  const listen = words.listen === undefined ? own : splitAddress(words.listen);
  if (listen === undefined) throw new CommandFailure(exitCode.usage, `--listen ${words.listen} is not host:port`);
  const dataDir = words.dataDir ?? join(".quorate", "paxos", own.id);
  if (tls === undefined && !isLoopback(listen.host)) {
    note("whoever reaches this port may order updates, and is not asked who he is: --peer-cert and so on change that");
  }
  const members = Object.fromEntries(places.map((place) => [place.id, formatAddress(place)]));
  const stop = stopSignal();
  const stopped = once(stop, "abort").then(() => String(stop.reason));
  const notice = (_level: string, text: string): void => note(text);
  const node = await openOrderingServer({ id: own.id, members, listen, dataDir, tls, notice });
  note(`server ${own.id} of ${node.status().members.length} listens on ${formatAddress(listen)}, data in ${dataDir}`);
  watch(node, words.verbose === true);
  const reason = await Promise.race([stopped, node.closed.then(() => "the server ended")]);
  note(`stopping: ${reason}`);
  await node.close();
  return exitCode.yes;
}

function watch(node: OrderingNode, isVerbose: boolean): void {
  node.on("leader", ({ leader, term }) => {
    note(leader === undefined ? `no leader known, view ${term}` : `server ${leader} leads view ${term}`);
  });
  node.on("link", ({ peer, up }) => note(`link to server ${peer} ${up ? "is up" : "broke"}`));
  if (!isVerbose) return;
  node.on("role", ({ role, term }) => {
    note(role === "candidate" ? `timeout: it tries to lead, view ${term}` : `${role} in view ${term}`);
  });
  node.on("commit", ({ index }) => note(`ordered through ${index}`));
  node.on("message", ({ direction, peer, message }) => {
    note(`${direction === "sent" ? "to" : "from"} server ${peer}: ${textOf(message)}`);
  });
}

/** One line. */
function textOf(message: object): string {
  const text = JSON.stringify(message, withoutBytes);
  return text.length > messageLengthMax ? `${text.slice(0, messageLengthMax)}…` : text;
}
