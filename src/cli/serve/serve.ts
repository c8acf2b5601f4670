import { readConfiguration, type Sources } from "../configuration.ts";
import { describeError, type ExitCode, exitCode, exitCodeOf, stopSignal } from "../exit.ts";
import type { ServeSettings } from "../settings.ts";
import { type Server, startServer } from "./assembly.ts";
import { Lifeline } from "./lifeline.ts";
import { type Log, openLog } from "./log.ts";

const memoryRisk =
  "log and votes are in memory alone: a node that restarts has forgotten what it acknowledged, and for whom it voted; when several do, acknowledged writes are lost, and members may come to disagree: for tests only";

/** Longest graceful stop, in ms; 5 s are promised. */
const closeMsMax = 4500;

/** Runs one node until a signal, its supervisor's end, or its own failure; resolves with the exit code. */
export async function serve(sources: Sources, supervised: boolean): Promise<ExitCode> {
  const { settings, warnings } = readConfiguration(sources);
  const log = await openLog(settings.id, settings["log-level"]);
  for (const warning of warnings) log.warn(warning);
  const lifeline = supervised ? new Lifeline() : undefined;
  const asked = awaitStop(lifeline);
  process.on("SIGHUP", () => rereadLevel(sources, log));
  try {
    await lifeline?.told;
    const server = await Promise.race([startServer(settings, log, lifeline), asked]);
    if (typeof server === "string") return exitCode.yes; // nothing was served yet, and a node may end at any moment
    watch(server, settings, log);
    lifeline?.report(server.url, server.node);
    const removed = awaitRemoval(server, lifeline);
    const reason = await Promise.race([asked, removed, server.node.closed.then(() => "the node closed")]);
    log.info({ reason }, "stopping");
    return await closeInTime(server, log);
  } catch (error) {
    log.fatal({ err: error }, describeError(error));
    return exitCodeOf(error);
  }
}

/** Resolves with the reason at the first signal or the supervisor's end; a second signal ends the process at once. */
function awaitStop(lifeline: Lifeline | undefined): Promise<string> {
  const stop = stopSignal();
  return new Promise((resolve) => {
    stop.addEventListener("abort", () => resolve(String(stop.reason)));
    void lifeline?.cut.then(() => resolve("the supervisor ended"));
  });
}

/** Resolves once the node takes no part in the cluster any more: there is nothing left for it to do. */
function awaitRemoval({ node }: Server, lifeline: Lifeline | undefined): Promise<string> {
  return new Promise((resolve) => {
    node.on("removed", () => {
      lifeline?.removed();
      resolve(`${node.id} was removed from the cluster; its data directory is of no use any more`);
    });
  });
}

/** Says where the node serves and what it sees. */
function watch({ node, url }: Server, settings: ServeSettings, log: Log): void {
  const { clusterId, commit } = node.status();
  const place = settings.storage === "memory" ? "memory" : settings["data-dir"];
  log.info({ url, clusterId, commit, dataDir: place }, `${node.id} serves on ${url}`);
  if (settings.storage === "memory") log.warn(memoryRisk);
  if (settings.transport === "udp") log.warn("transport udp is an experiment: tcp is the one to rely on");
  if (settings.protocol === "total-order") {
    log.warn(
      "the state lives in the members' memory: it is lost when a majority of them ends before others have joined",
    );
  }
  node.on("role", ({ role, term }) => log.info({ role, term }, `${role} in term ${term}`));
  node.on("leader", ({ leader, term }) => log.info({ leader, term }, leader ? `${leader} leads` : "no leader known"));
  node.on("link", ({ peer, up }) => log.info({ peer }, `link to ${peer} ${up ? "is up" : "broke"}`));
  node.on("snapshot", ({ index, bytes }) => log.info({ index, bytes }, "took a snapshot"));
  node.on("restore", ({ index }) => log.info({ index }, "restored a snapshot"));
  node.on("membership", ({ index, isCommitted, members, outgoing, learners }) => {
    const facts = { index, members, outgoing, learners };
    const [voting, learning] = [members, learners].map((list) => list.map(({ id }) => id).join(", "));
    const who = `voters ${voting}${learning === "" ? "" : `; learners ${learning}`}`;
    log.info(facts, `${isCommitted ? "agreed" : "from now on"}: ${who}`);
  });
  node.on("health", ({ healthy, reason }) => log.info({ healthy, reason }, healthy ? "healthy" : "not healthy"));
  if (!settings.verbose) return;
  const trace = log.child({}, { level: "trace" }); // asked for by -v, whatever the level
  node.on("message", ({ direction, peer, message }) => {
    trace.info({ peer, message }, direction === "sent" ? `to ${peer}` : `from ${peer}`);
  });
}

async function closeInTime(server: Server, log: Log): Promise<ExitCode> {
  const late = new Promise<"late">((resolve) => {
    setTimeout(() => resolve("late"), closeMsMax).unref();
  });
  if ((await Promise.race([server.close(), late])) !== "late") return exitCode.yes;
  log.error(`not closed within ${closeMsMax} ms; what was acknowledged is on disk`);
  return exitCode.failed;
}

function rereadLevel(sources: Sources, log: Log): void {
  try {
    log.level = readConfiguration(sources).settings["log-level"];
    log.info({ level: log.level }, `log level is ${log.level}`);
  } catch (error) {
    log.warn(`the log level stays ${log.level}: ${describeError(error)}`);
  }
}
