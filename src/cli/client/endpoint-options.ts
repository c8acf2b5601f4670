import type { Command } from "commander";

/** What every command takes that asks nodes. */
export interface EndpointOptions {
  readonly endpoints?: string;
  readonly cacert?: string;
  readonly cert?: string;
  readonly key?: string;
}

/** Adds the options that say whom to ask. */
export function withEndpoints(command: Command, what = "nodes to ask"): Command {
  return command
    .option("--endpoints <list>", `${what}, host:port,… (QUORATE_ENDPOINTS; default: the local cluster)`)
    .option("--cacert <file>", "HTTPS: who signed the nodes' certificates, PEM (QUORATE_CACERT)")
    .option("--cert <file>", "HTTPS: the certificate to show to nodes that ask for one, PEM (QUORATE_CERT)")
    .option("--key <file>", "its key, PEM (QUORATE_KEY)");
}
